import type { Topology } from '../topology/topology.ts'
import { noteError } from './change-tags.ts'

/** Stores an entry, whatever was there. Late or twice, it does no harm: it never validates then. */
export async function setEntry(
  topology: Topology,
  entry: string,
  bytes: Uint8Array,
  lifetime: number,
): Promise<void> {
  const node = topology.nodeOf(entry)
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [answer] = await node.ask([['set', entry, value, 'px', String(Math.max(1, Math.round(lifetime)))]])
  if (!(answer instanceof Error)) return
  noteError(topology, node, answer)
  throw answer
}
