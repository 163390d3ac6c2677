import type { Lease, StoredEntry, TagReply, TagRequest, TagState } from '@larder/core/store'
import { type Batch, encodeWord, encodeWords, type Reply } from '../connection/send.ts'
import { noteError } from '../tags/change-tags.ts'
import { storedEntry } from '../tags/stamped.ts'
import { encodeRequest, type TagTexts } from '../tags/tag-text.ts'
import type { Topology, TrustToken, ValkeyNode } from '../topology/topology.ts'

/**
 * A packet with this many keys is full: the first caller must not wait for the replies to everything that came later. Each
 * packet asks for the records of its tables, so small ones would make a server read the same record again and again.
 */
const MOST_KEYS = 128

/** A command that may grow until its packet is sent, and then its reply. */
interface PendingCommand {
  readonly name: string
  /** The same text for keys of the same slot. */
  readonly slot: string
  /** Its arguments as they are sent, and how many there are. */
  words: string
  count: number
  /** The fields that an HMGET asks for. */
  readonly fields: string[]
  reply: Reply
  /** The states of all fields of a record, parsed once for all callers. */
  states: readonly TagState[] | undefined
}

/** Where an entry will be. */
export interface EntrySlots {
  readonly bytes: PendingCommand
  /** The index in the reply of that command. */
  readonly at: number
}

/** Where the tags of one table will be. */
export interface TableSlots {
  /** The fields of the record: the first of the reply, or those at `picks`, if they are others. */
  readonly fields: PendingCommand | undefined
  readonly fieldCount: number
  readonly picks: readonly number[] | undefined
  /** The cells: as many of the reply from this index on. */
  readonly cells: PendingCommand | undefined
  readonly cellsFrom: number
  readonly cellCount: number
}

/** Is called once when the replies of a packet are here. It must not throw. */
export interface Waiting {
  replied(): void
}

/** Everything that the reads of one turn of the event loop ask one node. */
export interface Packet {
  readonly node: ValkeyNode
  readonly token: TrustToken
  readonly full: boolean
  /** The epoch in which its replies count, once one of those who wait has found out. For the time in which they are called. */
  epoch: string | undefined
  askEntry(name: string): EntrySlots
  askTable(request: TagRequest): TableSlots
  wait(waiting: Waiting): void
  /** @throws CacheError, like {@link tagsAt}, if the server replied with an error. */
  entryAt(slots: EntrySlots): StoredEntry | null
  tagsAt(slots: TableSlots, lease: Lease | undefined): TagReply
}

/** The packet to each node that is not sent yet. */
export interface Packets {
  /** @throws CacheError while the node is not trusted. */
  to(node: ValkeyNode): Packet
}

export function createPackets(topology: () => Topology, texts: TagTexts): Packets {
  const open = new WeakMap<ValkeyNode, Packet>()
  return {
    to(node) {
      const token = node.requireTrust()
      const unsent = open.get(node)
      // With another token, commands may reach another incarnation of the server.
      if (unsent?.token === token && !unsent.full) return unsent
      const onSend = (): void => {
        if (open.get(node) === packet) open.delete(node)
      }
      const packet = openPacket({ topology, texts, node, token, onSend })
      open.set(node, packet)
      return packet
    },
  }
}

const NOTHING: readonly TagState[] = []

interface PacketSetup extends Pick<Packet, 'node' | 'token'> {
  readonly topology: () => Topology
  readonly texts: TagTexts
  /** Called when the packet is sent. */
  onSend(): void
}

/**
 * A server's load depends on the number of commands, so fields of one record share one, and so do all keys that are certain
 * to be in one slot. All records are read before any cell.
 */
function openPacket({ topology, texts, node, token, onSend }: PacketSetup): Packet {
  const { incarnation, anyKeys, offset } = token
  let keyCount = 0
  const records: PendingCommand[] = []
  const strings: PendingCommand[] = []
  const waiting: Waiting[] = []
  let sent: readonly PendingCommand[] = []

  /** The command that reads these keys at the end of its reply. */
  const keysIn = (slot: string): PendingCommand =>
    (anyKeys ? strings[0] : strings.findLast((each) => each.slot === slot)) ?? added(strings, slot, 'mget')
  const batch: Batch = {
    commands() {
      onSend()
      sent = strings.length ? records.concat(strings) : records
      return sent.map(({ name, words, count }) => encodeWords(name, words, count))
    },
    done(replies) {
      for (let at = 0; at < sent.length; at++)
        (sent[at] as PendingCommand).reply = noted(topology, node, replies[at] ?? null)
      for (const each of waiting) each.replied()
      packet.epoch = undefined
      // The collector may find a packet that is done only much later, and promotes whatever hangs on it until then: a fifth of
      // all that a hit allocates.
      sent = []
      for (const list of [waiting, records, strings]) list.length = 0
    },
  }
  const packet: Packet = {
    node,
    token,
    epoch: undefined,
    get full() {
      return keyCount >= MOST_KEYS
    },
    askEntry(name) {
      const bytes = keysIn(name)
      keyCount++
      bytes.words += encodeWord(name)
      return { bytes, at: bytes.count++ }
    },
    askTable(request) {
      const { record, fields, cells } = request
      const words = encodeRequest(request)
      const hash = fields.length ? recordIn(records, record, words.record) : undefined
      const picks = hash && askFields(hash, fields, words.fields)
      const strung = cells.length ? keysIn(record) : undefined
      const cellsFrom = strung ? strung.count : 0
      if (strung) {
        strung.words += words.cells
        strung.count += cells.length
      }
      keyCount += cells.length
      return {
        fields: hash,
        fieldCount: fields.length,
        picks,
        cells: strung,
        cellsFrom,
        cellCount: cells.length,
      }
    },
    wait(one) {
      if (waiting.push(one) === 1) node.send(batch)
    },
    entryAt({ bytes, at }) {
      const value = listOf(bytes)[at]
      return Buffer.isBuffer(value) ? storedEntry(value, offset) : null
    },
    tagsAt: (slots, lease) => {
      const fields = slots.fields ? fieldStates(slots.fields, slots, texts, incarnation) : NOTHING
      const cells = slots.cells
        ? texts.statesOf(listOf(slots.cells), slots.cellsFrom, slots.cellCount, incarnation)
        : NOTHING
      return lease ? { lease, fields, cells } : { fields, cells }
    },
  }
  return packet
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
