import type { Fetched, Lease, StoredEntry, TagReply, TagRequest } from '@larder/core/store'
import type { LeaseOf } from '../feed/feed.ts'
import type { Topology } from '../topology/topology.ts'
import type { Epoch } from '../watch/epoch.ts'
import type { EntrySlots, Packet, Packets, TableSlots } from './packet.ts'

/** The part of one read that goes to one node: the entry or not, and some of the tables. */
interface Part {
  readonly packet: Packet
  readonly lease: Lease | undefined
  readonly tables: TableSlots[]
  /** The index of each of these tables in the request. Undefined: they are all of it, in order. */
  indexes: number[] | undefined
  entry: EntrySlots | undefined
}

/** What a read needs. */
export interface ReadDeps {
  readonly topology: Topology
  readonly epoch: Epoch
  /** Undefined if changes are not followed. */
  readonly lease: LeaseOf | undefined
  readonly packets: Packets
}

/**
 * Reads everything that a hit needs, in one packet to each node, each record before its cells. Reads of one turn of the
 * event loop share packets and commands. Replies count only if the node that sent them is still trusted afterwards.
 */
export function readAll(
  deps: ReadDeps,
  entry: string | undefined,
  requests: readonly TagRequest[],
): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const { topology } = deps
    const tags: TagReply[] = new Array(requests.length)
    let storedEntry: StoredEntry | null = null
    const parts = split(deps, entry, requests)
    let open = parts.length
    const finish = (): void => {
      const epoch = confirmed(deps, parts)
      if (typeof epoch === 'string') resolve({ epoch, entry: storedEntry, tags })
      else epoch.then((later) => resolve({ epoch: later, entry: storedEntry, tags }), reject)
    }
    for (const part of parts)
      part.packet.wait(() => {
        try {
          collectTags(part, tags)
          if (part.entry) storedEntry = part.packet.entryAt(part.entry)
          if (--open === 0) finish()
        } catch (error) {
          reject(error)
        }
      })
    if (open) return
    // Nothing had to be asked, but the read counts only if a server could have answered.
    if (!topology.nodes().some((node) => node.trusted())) topology.nodeOf('').requireTrust()
    finish()
  })
}

/** The epoch in which the replies count; a promise of it if a node must be checked first. @throws CacheError */
function confirmed({ epoch }: ReadDeps, parts: readonly Part[]): string | Promise<string> {
  let waiting: Promise<number>[] | undefined
  for (const { packet } of parts) {
    const later = packet.node.confirm(packet.token)
    if (later) {
      waiting ??= []
      waiting.push(later)
    }
  }
  const current = waiting ? undefined : epoch.current()
  if (current !== undefined) return current
  // A check that passed after the replies has also read the node's parts of the epoch.
  return Promise.all([performance.now(), ...(waiting ?? [])]).then((sent) => epoch.after(Math.min(...sent)))
}

/** @throws CacheError if a slot has no primary, or that primary is not trusted. */
function split(deps: ReadDeps, entry: string | undefined, requests: readonly TagRequest[]): readonly Part[] {
  const parts: Part[] = []
  if (entry !== undefined) {
    const part = partOf(deps, parts, entry)
    part.entry = part.packet.askEntry(entry)
  }
  for (let index = 0; index < requests.length; index++) {
    const request = requests[index] as TagRequest
    const part = partOf(deps, parts, request.record)
    if (part.tables.length !== index) part.indexes ??= part.tables.map((_, at) => at)
    part.indexes?.push(index)
    part.tables.push(part.packet.askTable(request))
  }
  return parts
}

/** The part of the node that has the key. */
function partOf({ topology, lease, packets }: ReadDeps, parts: Part[], key: string): Part {
  const node = topology.nodeOf(key)
  for (const part of parts) if (part.packet.node === node) return part
  const packet = packets.to(node)
  const part: Part = {
    packet,
    lease: lease?.(node, packet.token.incarnation),
    tables: [],
    indexes: undefined,
    entry: undefined,
  }
  parts.push(part)
  return part
}

function collectTags({ packet, lease, tables, indexes }: Part, tags: TagReply[]): void {
  for (let at = 0; at < tables.length; at++)
    tags[indexes?.[at] ?? at] = packet.tagsAt(tables[at] as TableSlots, lease)
}

/** Fetches of this turn of the event loop that are not sent yet. Equal ones share one reply. */
export interface SharedFetches {
  /**
   * Returns the reply to an equal fetch that is not sent yet, or starts one with `begin`. Either way, the reply shows a
   * moment after this call.
   * @param requests compared by identity: a read that is repeated passes the same list again.
   */
  join(
    entry: string | undefined,
    requests: readonly TagRequest[],
    begin: () => Promise<Fetched>,
  ): Promise<Fetched>
  /** Call it before anything is sent. A later caller must not share a reply that may be older than its call. */
  clear(): void
}

type UnsentFetches = Map<readonly TagRequest[], { entry: string | undefined; reply: Promise<Fetched> }>

export function createSharedFetches(): SharedFetches {
  let unsent: UnsentFetches = new Map()
  const clear = (): void => {
    // A new map instead of `clear()`: V8 chains the tables of a map that is cleared again and again, and one old table
    // keeps all later ones, with every reply in them, from being collected.
    if (unsent.size) unsent = new Map()
  }
  return {
    join(entry, requests, begin) {
      const pending = unsent.get(requests)
      if (pending && pending.entry === entry) return pending.reply
      // If nothing is ever sent, the map is cleared with this turn.
      if (unsent.size === 0) process.nextTick(clear)
      const reply = begin()
      unsent.set(requests, { entry, reply })
      return reply
    },
    clear,
  }
}
