import type { Fetched, Lease, StoredEntry, TagReply, TagRequest } from '@larder/core/store'
import type { LeaseOf } from '../feed/feed.ts'
import type { Topology } from '../topology/topology.ts'
import type { Epoch } from '../watch/epoch.ts'
import type { EntryPlace, Packet, Packets, TablePlace } from './packet.ts'

/** What one read asks of one node: the entry or not, and some of the tables by their place. */
interface Part {
  readonly packet: Packet
  readonly lease: Lease | undefined
  readonly tables: (TablePlace & { readonly place: number })[]
  entry: EntryPlace | undefined
}

/** What reading takes. */
export interface Read {
  readonly topology: Topology
  readonly epoch: Epoch
  /** Undefined where nobody follows changes. */
  readonly lease: LeaseOf | undefined
  readonly packets: Packets
}

/**
 * Reads everything a hit needs: one packet to each node, each record before its cells. What is asked for in one turn
 * of the event loop shares packets, and commands. Answers count only if whoever gave them is vouched for.
 */
export function readAll(
  read: Read,
  entry: string | undefined,
  requests: readonly TagRequest[],
): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const { topology } = read
    const tags: TagReply[] = new Array(requests.length)
    let found: StoredEntry | null = null
    const parts = split(read, entry, requests)
    let open = parts.length
    const finish = (): void => {
      const epoch = confirmed(read, parts)
      if (typeof epoch === 'string') resolve({ epoch, entry: found, tags })
      else epoch.then((later) => resolve({ epoch: later, entry: found, tags }), reject)
    }
    for (const part of parts)
      part.packet.wait(() => {
        try {
          take(part, tags)
          if (part.entry) found = part.packet.entryAt(part.entry)
          if (--open === 0) finish()
        } catch (error) {
          reject(error)
        }
      })
    if (open) return
    // Nobody was asked; somebody must be there all the same.
    if (!topology.nodes().some((node) => node.trusted())) topology.nodeOf('').claim()
    finish()
  })
}

/** The epoch of answers that are here; later, where somebody has to be asked first. @throws CacheError */
function confirmed({ epoch }: Read, parts: readonly Part[]): string | Promise<string> {
  let waiting: Promise<number>[] | undefined
  for (const { packet } of parts) {
    const later = packet.node.confirm(packet.claim)
    if (later) {
      waiting ??= []
      waiting.push(later)
    }
  }
  const current = waiting ? undefined : epoch.current()
  if (current !== undefined) return current
  // A check that passed after the answers has asked for the epoch, too, if it lies there.
  return Promise.all([performance.now(), ...(waiting ?? [])]).then((sent) => epoch.after(Math.min(...sent)))
}

/** @throws CacheError when a slot has no primary, or that primary is not to be trusted. */
function split(
  { topology, lease, packets }: Read,
  entry: string | undefined,
  requests: readonly TagRequest[],
): readonly Part[] {
  const parts: Part[] = []
  const partOf = (key: string): Part => {
    const node = topology.nodeOf(key)
    for (const part of parts) if (part.packet.node === node) return part
    const packet = packets.to(node)
    const part: Part = { packet, lease: lease?.(node, packet.claim.life), tables: [], entry: undefined }
    parts.push(part)
    return part
  }
  if (entry !== undefined) {
    const part = partOf(entry)
    part.entry = part.packet.askEntry(entry)
  }
  for (let place = 0; place < requests.length; place++) {
    const request = requests[place] as TagRequest
    const part = partOf(request.record)
    part.tables.push({ place, ...part.packet.askTable(request) })
  }
  return parts
}

function take({ packet, lease, tables }: Part, tags: TagReply[]): void {
  for (const table of tables) {
    const found = packet.tagsAt(table)
    tags[table.place] = lease ? { lease, ...found } : found
  }
}

/** Fetches that were asked for in this turn of the event loop and are not sent yet. */
export interface Unsent {
  /**
   * The answer of an unsent fetch of the same, or of the one that `begin` asks for: it is of an instant after this
   * call, whoever asked first.
   * @param requests the same only if it is the same list: what is read again comes with the list of last time.
   */
  join(
    entry: string | undefined,
    requests: readonly TagRequest[],
    begin: () => Promise<Fetched>,
  ): Promise<Fetched>
  /** To be called before anything is sent: whoever comes later must not get an answer from before. */
  clear(): void
}

type Asked = Map<readonly TagRequest[], { entry: string | undefined; answer: Promise<Fetched> }>

export function createUnsent(): Unsent {
  let unsent: Asked = new Map()
  const clear = (): void => {
    // Not emptied but left behind: the engine chains the tables of a map that is emptied again and again, and one of
    // them grown old keeps all later ones, with every answer in them, from being collected.
    if (unsent.size) unsent = new Map()
  }
  return {
    join(entry, requests, begin) {
      const found = unsent.get(requests)
      if (found && found.entry === entry) return found.answer
      // What fails before anything is sent goes with its turn.
      if (unsent.size === 0) process.nextTick(clear)
      const answer = begin()
      unsent.set(requests, { entry, answer })
      return answer
    },
    clear,
  }
}
