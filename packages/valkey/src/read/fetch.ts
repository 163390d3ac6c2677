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
  /** Nearly every read asks one node. */
  private first: Part | undefined = undefined
  private others: Part[] | undefined = undefined
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
    const { first, others } = this
    this.open = first ? 1 + (others?.length ?? 0) : 0
    if (first) first.packet.wait(first)
    if (others) for (const part of others) part.packet.wait(part)
    if (first) return
    // Nothing had to be asked, but the read counts only if a server could have answered.
    const { topology } = this.deps
    if (!topology.nodes().some((node) => node.trusted())) topology.nodeOf('').requireTrust()
    this.finish()
  }

  /** The part of the node that has the key. */
  private partOf(key: string): Part {
    const { topology, lease, packets } = this.deps
    const { first, others } = this
    const node = topology.nodeOf(key)
    if (first?.packet.node === node) return first
    if (others) for (const part of others) if (part.packet.node === node) return part
    const packet = packets.to(node)
    const part = new Part(this, packet, lease?.(node, packet.token.incarnation), this.tags.length)
    if (!first) this.first = part
    else if (others) others.push(part)
    else this.others = [part]
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
    const { tags, storedEntry: entry, first, others } = this
    const epoch = confirmed(this.deps, first, others)
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
  /** By the index of the table in the request. Undefined: another part asks for it. */
  private readonly tables: (TableSlots | undefined)[]

  /** @param tables how many the read asks for in all. */
  constructor(read: Read, packet: Packet, lease: Lease | undefined, tables: number) {
    this.read = read
    this.packet = packet
    this.lease = lease
    this.entry = undefined
    this.tables = new Array(tables)
  }

  ask(request: TagRequest, index: number): void {
    this.tables[index] = this.packet.askTable(request)
  }

  replied(): void {
    this.read.replied(this)
  }

  collect(tags: TagReply[]): void {
    const { packet, lease, tables } = this
    for (let index = 0; index < tables.length; index++) {
      const slots = tables[index]
      if (slots) tags[index] = packet.tagsAt(slots, lease)
    }
  }
}

/** The epoch in which the replies count; a promise of it if a node must be checked first. @throws CacheError */
function confirmed(
  { epoch }: ReadDeps,
  first: Part | undefined,
  others: readonly Part[] | undefined,
): string | Promise<string> {
  // Those who share a packet need not ask the clock again.
  const only = others ? undefined : first?.packet
  if (only?.epoch !== undefined) return only.epoch
  let waiting: Promise<number>[] | undefined
  const confirm = ({ packet }: Part): void => {
    const later = packet.node.confirm(packet.token)
    if (!later) return
    waiting ??= []
    waiting.push(later)
  }
  if (first) confirm(first)
  others?.forEach(confirm)
  const current = waiting ? undefined : epoch.current()
  if (current !== undefined) {
    if (only) only.epoch = current
    return current
  }
  // A check that passed after the replies has also read the node's parts of the epoch.
  return Promise.all([performance.now(), ...(waiting ?? [])]).then((sent) => epoch.after(Math.min(...sent)))
}
