import type { Fetched, Lease, StoredEntry, TagReply, TagRequest } from '@larder/core/store'
import type { LeaseOf } from '../feed/feed.ts'
import type { Topology } from '../topology/topology.ts'
import type { Epoch } from '../watch/epoch.ts'
import type { Packet, Packets } from './packet.ts'
import type { EntrySlots, TableSlots, Waiting } from './slots.ts'

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
  return new Promise((resolve, reject) =>
    new Read(deps, requests.length, resolve, reject).send(entry, requests),
  )
}

/** One read that waits for its replies. A class, and no closures: every hit makes one. */
class Read {
  private readonly deps: ReadDeps
  private readonly tags: TagReply[]
  private readonly resolve: (fetched: Fetched) => void
  private readonly reject: (error: unknown) => void
  private readonly parts: Part[] = []
  private storedEntry: StoredEntry | null = null
  private open = 0

  constructor(
    deps: ReadDeps,
    tables: number,
    resolve: (fetched: Fetched) => void,
    reject: (error: unknown) => void,
  ) {
    this.deps = deps
    this.tags = new Array(tables)
    this.resolve = resolve
    this.reject = reject
  }

  /** @throws CacheError if a slot has no primary, or that primary is not trusted. */
  send(entry: string | undefined, requests: readonly TagRequest[]): void {
    if (entry !== undefined) {
      const part = this.partOf(entry)
      part.entry = part.packet.askEntry(entry)
    }
    for (let index = 0; index < requests.length; index++) {
      const request = requests[index] as TagRequest
      this.partOf(request.record).ask(request, index)
    }
    this.open = this.parts.length
    for (const part of this.parts) part.packet.wait(part)
    if (this.open) return
    // Nothing had to be asked, but the read counts only if a server could have answered.
    const { topology } = this.deps
    if (!topology.nodes().some((node) => node.trusted())) topology.nodeOf('').requireTrust()
    this.finish()
  }

  /** The part of the node that has the key. */
  private partOf(key: string): Part {
    const { topology, lease, packets } = this.deps
    const node = topology.nodeOf(key)
    for (const part of this.parts) if (part.packet.node === node) return part
    const packet = packets.to(node)
    const part = new Part(this, packet, lease?.(node, packet.token.incarnation))
    this.parts.push(part)
    return part
  }

  replied(part: Part): void {
    try {
      part.collect(this.tags)
      if (part.entry) this.storedEntry = part.packet.entryAt(part.entry)
      if (--this.open === 0) this.finish()
    } catch (error) {
      this.reject(error)
    }
  }

  private finish(): void {
    const { tags, storedEntry: entry } = this
    const epoch = confirmed(this.deps, this.parts)
    if (typeof epoch === 'string') this.resolve({ epoch, entry, tags })
    else epoch.then((later) => this.resolve({ epoch: later, entry, tags }), this.reject)
  }
}

/** The part of one read that goes to one node: the entry or not, and some of the tables. */
class Part implements Waiting {
  readonly packet: Packet
  entry: EntrySlots | undefined
  private readonly read: Read
  private readonly lease: Lease | undefined
  private readonly tables: TableSlots[] = []
  /** The index of each of these tables in the request. Undefined: they are all of it, in order. */
  private indexes: number[] | undefined

  constructor(read: Read, packet: Packet, lease: Lease | undefined) {
    this.read = read
    this.packet = packet
    this.lease = lease
    this.entry = undefined
    this.indexes = undefined
  }

  ask(request: TagRequest, index: number): void {
    const { tables } = this
    if (tables.length !== index) this.indexes ??= tables.map((_, at) => at)
    this.indexes?.push(index)
    tables.push(this.packet.askTable(request))
  }

  replied(): void {
    this.read.replied(this)
  }

  collect(tags: TagReply[]): void {
    const { packet, lease, tables, indexes } = this
    for (let at = 0; at < tables.length; at++)
      tags[indexes?.[at] ?? at] = packet.tagsAt(tables[at] as TableSlots, lease)
  }
}

/** The epoch in which the replies count; a promise of it if a node must be checked first. @throws CacheError */
function confirmed({ epoch }: ReadDeps, parts: readonly Part[]): string | Promise<string> {
  const [first] = parts
  // Most reads ask one node, and those who share its packet need not ask the clock again.
  const only = parts.length === 1 ? first?.packet : undefined
  if (only?.epoch !== undefined) return only.epoch
  let waiting: Promise<number>[] | undefined
  for (const { packet } of parts) {
    const later = packet.node.confirm(packet.token)
    if (later) {
      waiting ??= []
      waiting.push(later)
    }
  }
  const current = waiting ? undefined : epoch.current()
  if (current !== undefined) {
    if (only) only.epoch = current
    return current
  }
  // A check that passed after the replies has also read the node's parts of the epoch.
  return Promise.all([performance.now(), ...(waiting ?? [])]).then((sent) => epoch.after(Math.min(...sent)))
}
