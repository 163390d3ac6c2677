import type { Topology } from '../topology/topology.ts'
import { noteError } from './change-tags.ts'
import { stamped } from './stamped.ts'

/** Stores an entry, replacing any other. If it arrives late or twice, it does no harm, because it never validates then. */
export async function setEntry(
  topology: Topology,
  entry: string,
  bytes: Uint8Array,
  lifetime: number,
): Promise<void> {
  const node = topology.nodeOf(entry)
  const value = stamped(bytes, lifetime, node.requireTrust().offset)
  const [reply] = await node.ask([['set', entry, value, 'px', String(Math.max(1, Math.round(lifetime)))]])
  if (!(reply instanceof Error)) return
  noteError(topology, node, reply)
  throw reply
}
