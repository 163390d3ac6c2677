import type { Lease, StoredEntry, TagReply, TagRequest, TagState } from '@larder/core/store'
import { type Batch, type EncodedCommand, encodeWord, encodeWords, type Reply } from '../connection/send.ts'
import { noteError } from '../tags/change-tags.ts'
import { storedEntry } from '../tags/stamped.ts'
import { encodeRequest, type TagTexts } from '../tags/tag-text.ts'
import type { Topology, TrustToken, ValkeyNode } from '../topology/topology.ts'
import type { EntrySlots, PendingCommand, TableSlots, Waiting } from './slots.ts'

/**
 * A packet with this many keys is full: the first caller must not wait for the replies to everything that came later. Each
 * packet asks for the records of its tables, so small ones would make a server read the same record again and again.
 */
const MOST_KEYS = 128

/** Fewer reads than this are not worth a packet of their own. */
const LEAST_READS = 8

/** The packet to each node to which more may be added. */
export interface Packets {
  /** @throws CacheError while the node is not trusted. */
  to(node: ValkeyNode): Packet
}

export function createPackets(topology: () => Topology, texts: TagTexts): Packets {
  const lines = new WeakMap<ValkeyNode, Line>()
  const openLine = (node: ValkeyNode): Line => {
    const line: Line = { node, topology, texts, packet: undefined, inFlight: 0, peak: 0 }
    lines.set(node, line)
    return line
  }
  return {
    to(node) {
      const token = node.requireTrust()
      const line = lines.get(node) ?? openLine(node)
      // With another token, commands may reach another incarnation of the server.
      if (!line.packet?.open || line.packet.token !== token) line.packet = new Packet(line, token)
      return line.packet
    },
  }
}

/** Counts the packets to all nodes, each before it is sent. */
export function createPacketCount(): { add(): void; read(): number } {
  let packets = 0
  return {
    add() {
      packets++
    },
    read: () => packets,
  }
}

/** What goes to one node. */
interface Line {
  readonly node: ValkeyNode
  readonly topology: () => Topology
  readonly texts: TagTexts
  packet: Packet | undefined
  /** Reads that wait for a reply, and how many did at most, of late. */
  inFlight: number
  peak: number
}

const NOTHING: readonly TagState[] = []

/**
 * Everything that the reads of one turn of the event loop ask one node. A server's load depends on the number of commands, so
 * fields of one record share one, and so do all keys that are certain to be in one slot. All records are read before any cell.
 * A class, and no closures: one hit at a time makes one each time.
 */
export class Packet implements Batch {
  readonly node: ValkeyNode
  readonly token: TrustToken
  /** The epoch in which its replies count, once one of those who wait has found out. For the time in which they are called. */
  epoch: string | undefined = undefined
  private readonly line: Line
  /** By `performance.now()`: one time for all entries. */
  private repliedAt = 0
  private isSent = false
  private keyCount = 0
  private records: PendingCommand[] = []
  private strings: PendingCommand[] = []
  private waiting: Waiting[] = []
  private sent: readonly PendingCommand[] = []

  constructor(line: Line, token: TrustToken) {
    this.line = line
    this.node = line.node
    this.token = token
  }

  /** Whether more may be asked. */
  get open(): boolean {
    return !this.isSent && this.keyCount < MOST_KEYS
  }

  askEntry(name: string): EntrySlots {
    const bytes = this.keysIn(name)
    this.keyCount++
    bytes.words += encodeWord(name)
    return { bytes, at: bytes.count++ }
  }

  askTable(request: TagRequest): TableSlots {
    const { record, fields, cells } = request
    const words = encodeRequest(request)
    const hash = fields.length ? recordIn(this.records, record, words.record) : undefined
    const picks = hash && askFields(hash, fields, words.fields)
    const strung = cells.length ? this.keysIn(record) : undefined
    const cellsFrom = strung ? strung.count : 0
    if (strung) {
      strung.words += words.cells
      strung.count += cells.length
    }
    this.keyCount += cells.length
    return {
      fields: hash,
      fieldCount: fields.length,
      picks,
      cells: strung,
      cellsFrom,
      cellCount: cells.length,
    }
  }

  /** Half of the reads that are on their way at once do not wait for the other half: the server works on them meanwhile. */
  wait(one: Waiting): void {
    const { line, node } = this
    const count = this.waiting.push(one)
    if (count === 1) node.send(this)
    const half = line.peak / 2
    if (half >= LEAST_READS && line.inFlight <= half && (count >= half || !this.open)) node.flush()
  }

  commands(): readonly EncodedCommand[] {
    const { records, strings, line } = this
    this.isSent = true
    line.inFlight += this.waiting.length
    line.peak = Math.max(line.inFlight, line.peak - 1)
    this.sent = strings.length ? records.concat(strings) : records
    return this.sent.map(({ name, words, count }) => encodeWords(name, words, count))
  }

  done(replies: readonly Reply[]): void {
    const { sent, waiting, node, line } = this
    line.inFlight -= waiting.length
    this.repliedAt = performance.now()
    for (let at = 0; at < sent.length; at++)
      (sent[at] as PendingCommand).reply = noted(line.topology, node, replies[at] ?? null)
    for (const each of waiting) each.replied()
    this.epoch = undefined
    // A packet that is done may outlive a collection or two, but what hangs on it must not.
    this.sent = this.records = this.strings = this.waiting = []
  }

  /** @throws CacheError, like {@link tagsAt}, if the server replied with an error. */
  entryAt({ bytes, at }: EntrySlots): StoredEntry | null {
    const value = listOf(bytes)[at]
    return Buffer.isBuffer(value) ? storedEntry(value, this.token.offset, this.repliedAt) : null
  }

  tagsAt(slots: TableSlots, lease: Lease | undefined): TagReply {
    const { incarnation } = this.token
    const { texts } = this.line
    const fields = slots.fields ? fieldStates(slots.fields, slots, texts, incarnation) : NOTHING
    const cells = slots.cells
      ? texts.statesOf(listOf(slots.cells), slots.cellsFrom, slots.cellCount, incarnation)
      : NOTHING
    return lease ? { lease, fields, cells } : { fields, cells }
  }

  /** The command that reads these keys at the end of its reply. */
  private keysIn(slot: string): PendingCommand {
    const { strings } = this
    const open = this.token.anyKeys ? strings[0] : strings.findLast((each) => each.slot === slot)
    return open ?? added(strings, slot, 'mget')
  }
}

/** The same reply; an error has had its consequences, and shows no secrets. */
function noted(topology: () => Topology, node: ValkeyNode, reply: Reply): Reply {
  if (!(reply instanceof Error)) return reply
  noteError(topology(), node, reply)
  return topology().failure(reply)
}

function fieldStates(
  command: PendingCommand,
  { fieldCount, picks }: TableSlots,
  texts: TagTexts,
  incarnation: string,
): readonly TagState[] {
  command.states ??= texts.statesOf(listOf(command), 0, command.fields.length, incarnation)
  const { states } = command
  if (picks) return picks.map((at) => states[at] ?? null)
  return fieldCount === states.length ? states : states.slice(0, fieldCount)
}

function added(commands: PendingCommand[], slot: string, name: string): PendingCommand {
  const command: PendingCommand = {
    name,
    slot,
    words: '',
    count: 0,
    fields: [],
    reply: null,
    states: undefined,
  }
  commands.push(command)
  return command
}

function recordIn(records: PendingCommand[], record: string, words: string): PendingCommand {
  for (const command of records) if (command.slot === record) return command
  const command = added(records, record, 'hmget')
  command.words = words
  command.count = 1
  return command
}

/** Adds what is not asked yet. @returns where the fields will be, unless they are the first ones. */
function askFields(
  command: PendingCommand,
  fields: readonly string[],
  words: string,
): readonly number[] | undefined {
  const requested = command.fields
  if (!requested.length) {
    requested.push(...fields)
    command.words += words
    command.count += fields.length
    return undefined
  }
  if (fields.every((field, at) => requested[at] === field)) return undefined
  return fields.map((field) => {
    const at = requested.indexOf(field)
    if (at >= 0) return at
    command.words += encodeWord(field)
    command.count++
    return requested.push(field) - 1
  })
}

function listOf({ reply }: PendingCommand): readonly Reply[] {
  if (reply instanceof Error) throw reply
  return reply as readonly Reply[]
}
