import type { Lease, StoredEntry, TagReply, TagRequest, TagState } from '@larder/core/store'
import type { Batch, Reply } from '../connection/send.ts'
import { noteError } from '../tags/change-tags.ts'
import { stateOf } from '../tags/tag-text.ts'
import type { Topology, TrustToken, ValkeyNode } from '../topology/topology.ts'

/** A packet with this many keys is full: the first caller must not wait for the replies to everything that came later. */
const MOST_KEYS = 32

/** A command that may grow until its packet is sent, and then its reply. */
interface PendingCommand {
  readonly words: [name: string, ...args: string[]]
  /** The same text for keys of the same slot. */
  readonly slot: string
  reply: Reply
  /** The states of all fields of a record, parsed once for all callers. */
  states?: readonly TagState[]
}

/** Where an entry and its remaining lifetime will be. */
export interface EntrySlots {
  readonly bytes: PendingCommand
  /** The index in the reply of that command. */
  readonly at: number
  readonly left: PendingCommand
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

/** Everything that the reads of one turn of the event loop ask one node. */
export interface Packet {
  readonly node: ValkeyNode
  readonly token: TrustToken
  readonly full: boolean
  askEntry(name: string): EntrySlots
  askTable(request: TagRequest): TableSlots
  /** Calls `onReplies` once, when the replies are here. It must not throw. */
  wait(onReplies: () => void): void
  /** @throws CacheError, like {@link tagsAt}, if the server replied with an error. */
  entryAt(slots: EntrySlots): StoredEntry | null
  tagsAt(slots: TableSlots, lease: Lease | undefined): TagReply
}

/** The packet to each node that is not sent yet. */
export interface Packets {
  /** @throws CacheError while the node is not trusted. */
  to(node: ValkeyNode): Packet
}

export function createPackets(topology: () => Topology): Packets {
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
      const packet = openPacket({ topology, node, token, onSend })
      open.set(node, packet)
      return packet
    },
  }
}

const NOTHING: readonly TagState[] = []

interface PacketSetup extends Pick<Packet, 'node' | 'token'> {
  readonly topology: () => Topology
  /** Called when the packet is sent. */
  onSend(): void
}

/**
 * A server's load depends on the number of commands, so fields of one record share one, and so do all keys that are certain
 * to be in one slot. All records are read before any cell.
 */
function openPacket({ topology, node, token, onSend }: PacketSetup): Packet {
  const { incarnation, anyKeys } = token
  let keyCount = 0
  const records: PendingCommand[] = []
  const strings: PendingCommand[] = []
  const lifetimes: PendingCommand[] = []
  const waiting: (() => void)[] = []
  let sent: readonly PendingCommand[] = []

  /** The command that reads these keys at the end of its reply. */
  const keysIn = (slot: string): PendingCommand =>
    (anyKeys ? strings[0] : strings.findLast((each) => each.slot === slot)) ?? added(strings, slot, ['mget'])
  const batch: Batch = {
    commands() {
      onSend()
      sent = records.concat(strings, lifetimes)
      return sent.map(({ words }) => words)
    },
    done(replies) {
      for (let at = 0; at < sent.length; at++) {
        const command = sent[at] as PendingCommand
        command.reply = replies[at] ?? null
        if (!(command.reply instanceof Error)) continue
        noteError(topology(), node, command.reply)
        command.reply = topology().failure(command.reply)
      }
      for (const onReplies of waiting) onReplies()
    },
  }
  return {
    node,
    token,
    get full() {
      return keyCount >= MOST_KEYS
    },
    askEntry(name) {
      const bytes = keysIn(name)
      keyCount++
      const at = bytes.words.push(name) - FIRST_KEY - 1
      return { bytes, at, left: added(lifetimes, name, ['pttl', name]) }
    },
    askTable({ record, fields, cells }) {
      const hash = fields.length ? recordIn(records, record) : undefined
      const picks = hash && askFields(hash.words, fields)
      const strung = cells.length ? keysIn(record) : undefined
      const cellsFrom = strung ? strung.words.length - FIRST_KEY : 0
      if (strung) for (const cell of cells) strung.words.push(cell)
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
    wait(onReplies) {
      if (waiting.push(onReplies) === 1) node.send(batch)
    },
    entryAt({ bytes, at, left }) {
      const value = listOf(bytes)[at]
      if (left.reply instanceof Error) throw left.reply
      // A key without a lifetime (-1) was not stored by Larder: it counts as expired.
      return Buffer.isBuffer(value) ? { bytes: value, remaining: Number(left.reply) } : null
    },
    tagsAt: (slots, lease) => {
      const fields = slots.fields ? fieldStates(slots.fields, slots, incarnation) : NOTHING
      const cells = slots.cells ? cellStates(slots.cells, slots, incarnation) : NOTHING
      return lease ? { lease, fields, cells } : { fields, cells }
    },
  }
}

/** Where in its words the keys of MGET begin, and the fields of HMGET. */
const FIRST_KEY = 1
const FIRST_FIELD = 2

function recordIn(records: PendingCommand[], record: string): PendingCommand {
  for (const command of records) if (command.slot === record) return command
  return added(records, record, ['hmget', record])
}

/** Adds what is not asked yet. @returns where the fields will be, unless they are the first ones. */
function askFields(words: string[], fields: readonly string[]): readonly number[] | undefined {
  if (words.length === FIRST_FIELD) {
    words.push(...fields)
    return undefined
  }
  if (fields.every((field, at) => words[at + FIRST_FIELD] === field)) return undefined
  return fields.map((field) => {
    const at = words.indexOf(field, FIRST_FIELD)
    return (at < 0 ? words.push(field) - 1 : at) - FIRST_FIELD
  })
}

function added(commands: PendingCommand[], slot: string, words: PendingCommand['words']): PendingCommand {
  const command: PendingCommand = { words, slot, reply: null }
  commands.push(command)
  return command
}

function listOf({ reply }: PendingCommand): readonly Reply[] {
  if (reply instanceof Error) throw reply
  return reply as readonly Reply[]
}

function fieldStates(
  command: PendingCommand,
  { fieldCount, picks }: TableSlots,
  incarnation: string,
): readonly TagState[] {
  command.states ??= listOf(command).map((text) => stateOf(text, incarnation))
  const { states } = command
  if (picks) return picks.map((at) => states[at] ?? null)
  return fieldCount === states.length ? states : states.slice(0, fieldCount)
}

function cellStates(
  command: PendingCommand,
  { cellsFrom, cellCount }: TableSlots,
  incarnation: string,
): readonly TagState[] {
  const texts = listOf(command)
  if (cellCount === 1) return [stateOf(texts[cellsFrom], incarnation)]
  const states: TagState[] = []
  for (let at = cellsFrom; at < cellsFrom + cellCount; at++) states.push(stateOf(texts[at], incarnation))
  return states
}
