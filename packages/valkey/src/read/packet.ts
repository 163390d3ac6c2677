import type { StoredEntry, TagRequest, TagState } from '@larder/core/store'
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

/** Where the replies for one caller are in the reply of a command. */
interface ReplySlot {
  readonly command: PendingCommand
  /** The first index and the count; or single indexes, if they are not consecutive. */
  readonly from: number
  readonly count: number
  readonly picks?: readonly number[]
}

/** Where an entry and its remaining lifetime will be. */
export interface EntrySlots {
  readonly bytes: ReplySlot
  readonly left: PendingCommand
}

/** Where the tags of one table will be. */
export interface TableSlots {
  readonly fields: ReplySlot | undefined
  readonly cells: ReplySlot | undefined
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
  tagsAt(slots: TableSlots): { readonly fields: readonly TagState[]; readonly cells: readonly TagState[] }
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

  const keysAt = (slot: string, keys: readonly string[]): ReplySlot => {
    const command = anyKeys ? strings[0] : strings.findLast((each) => each.slot === slot)
    const count = keys.length
    keyCount += count
    if (!command) return { command: added(strings, slot, ['mget', ...keys]), from: 0, count }
    const from = command.words.length - 1
    command.words.push(...keys)
    return { command, from, count }
  }
  const fieldsAt = (record: string, fields: readonly string[]): ReplySlot => {
    const count = fields.length
    const command = records.find(({ slot }) => slot === record)
    if (!command) return { command: added(records, record, ['hmget', record, ...fields]), from: 0, count }
    const { words } = command
    if (fields.every((field, at) => words[at + 2] === field)) return { command, from: 0, count }
    const picks = fields.map((field) => {
      const at = words.indexOf(field, 2)
      return (at < 0 ? words.push(field) - 1 : at) - 2
    })
    return { command, from: 0, count, picks }
  }
  const batch: Batch = {
    commands() {
      onSend()
      return [...records, ...strings, ...lifetimes].map(({ words }) => words)
    },
    done(replies) {
      for (const [at, command] of [...records, ...strings, ...lifetimes].entries()) {
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
    askEntry: (name) => ({ bytes: keysAt(name, [name]), left: added(lifetimes, name, ['pttl', name]) }),
    askTable: ({ record, fields, cells }) => ({
      fields: fields.length ? fieldsAt(record, fields) : undefined,
      cells: cells.length ? keysAt(record, cells) : undefined,
    }),
    wait(onReplies) {
      if (waiting.push(onReplies) === 1) node.send(batch)
    },
    entryAt({ bytes, left }) {
      const value = listOf(bytes.command)[bytes.from]
      if (left.reply instanceof Error) throw left.reply
      // A key without a lifetime (-1) was not stored by Larder: it counts as expired.
      return Buffer.isBuffer(value) ? { bytes: value, remaining: Number(left.reply) } : null
    },
    tagsAt: ({ fields, cells }) => ({
      fields: fields ? fieldStates(fields, incarnation) : NOTHING,
      cells: cells ? cellStates(cells, incarnation) : NOTHING,
    }),
  }
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

function fieldStates({ command, count, picks }: ReplySlot, incarnation: string): readonly TagState[] {
  command.states ??= listOf(command).map((text) => stateOf(text, incarnation))
  const { states } = command
  if (picks) return picks.map((at) => states[at] ?? null)
  return count === states.length ? states : states.slice(0, count)
}

function cellStates({ command, from, count }: ReplySlot, incarnation: string): readonly TagState[] {
  const texts = listOf(command)
  const states: TagState[] = []
  for (let at = from; at < from + count; at++) states.push(stateOf(texts[at], incarnation))
  return states
}
