import type { StoredEntry, TagRequest, TagState } from '@larder/core/store'
import type { Answer, Order } from '../connection/send.ts'
import { noteError } from '../tags/change-tags.ts'
import { stateOf } from '../tags/tag-text.ts'
import type { Claim, Topology, ValkeyNode } from '../topology/topology.ts'

/** With so many keys a packet is full: who asked first must not wait for the answers to all that came after. */
const MOST_KEYS = 32

/** A command that grows until its packet goes, and then its answer. */
interface Command {
  readonly words: [name: string, ...args: string[]]
  /** Keys of one slot have one text here. */
  readonly slot: string
  answer: Answer
  /** What the answer says of all fields of a record: made once for all who asked. */
  states?: readonly TagState[]
}

/** Where the answer to one question will stand. */
interface Place {
  readonly command: Command
  /** First and number; or which ones, where they do not follow each other. */
  readonly from: number
  readonly count: number
  readonly picks?: readonly number[]
}

/** Where an entry will stand, and its lifetime. */
export interface EntryPlace {
  readonly bytes: Place
  readonly left: Command
}

/** Where the tags of one table will stand. */
export interface TablePlace {
  readonly fields: Place | undefined
  readonly cells: Place | undefined
}

/** What all reads of one turn of the event loop ask one node, until it goes. */
export interface Packet {
  readonly node: ValkeyNode
  readonly claim: Claim
  readonly full: boolean
  askEntry(name: string): EntryPlace
  askTable(request: TagRequest): TablePlace
  /** `heard` is called once, when the answers are here. It must not throw. */
  wait(heard: () => void): void
  /** @throws CacheError, as the next one, where the server answered with an error. */
  entryAt(place: EntryPlace): StoredEntry | null
  tagsAt(place: TablePlace): { readonly fields: readonly TagState[]; readonly cells: readonly TagState[] }
}

/** The packet to a node that has not gone yet. */
export interface Packets {
  /** @throws CacheError while the node is not to be trusted. */
  to(node: ValkeyNode): Packet
}

export function createPackets(topology: () => Topology): Packets {
  const open = new WeakMap<ValkeyNode, Packet>()
  return {
    to(node) {
      const claim = node.claim()
      const found = open.get(node)
      // Another claim: what is asked now may be asked of another life of the server.
      if (found?.claim === claim && !found.full) return found
      const gone = (): void => {
        if (open.get(node) === packet) open.delete(node)
      }
      const packet = openPacket({ topology, node, claim, gone })
      open.set(node, packet)
      return packet
    },
  }
}

const NOTHING: readonly TagState[] = []

interface Opening extends Pick<Packet, 'node' | 'claim'> {
  readonly topology: () => Topology
  /** Called when it goes. */
  gone(): void
}

/**
 * A server's time goes by commands: fields of one record share one, and so do all keys that are certain to lie in one
 * slot. All records are read before any cell.
 */
function openPacket({ topology, node, claim, gone }: Opening): Packet {
  const { life, anyKeys } = claim
  let keyCount = 0
  const records: Command[] = []
  const strings: Command[] = []
  const lifetimes: Command[] = []
  const waiting: (() => void)[] = []

  const keysAt = (slot: string, keys: readonly string[]): Place => {
    const command = anyKeys ? strings[0] : strings.findLast((one) => one.slot === slot)
    const count = keys.length
    keyCount += count
    if (!command) return { command: added(strings, slot, ['mget', ...keys]), from: 0, count }
    const from = command.words.length - 1
    command.words.push(...keys)
    return { command, from, count }
  }
  const fieldsAt = (record: string, fields: readonly string[]): Place => {
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
  const order: Order = {
    commands() {
      gone()
      return [...records, ...strings, ...lifetimes].map(({ words }) => words)
    },
    done(answers) {
      for (const [at, command] of [...records, ...strings, ...lifetimes].entries()) {
        command.answer = answers[at] ?? null
        if (!(command.answer instanceof Error)) continue
        noteError(topology(), node, command.answer)
        command.answer = topology().failure(command.answer)
      }
      for (const heard of waiting) heard()
    },
  }
  return {
    node,
    claim,
    get full() {
      return keyCount >= MOST_KEYS
    },
    askEntry: (name) => ({ bytes: keysAt(name, [name]), left: added(lifetimes, name, ['pttl', name]) }),
    askTable: ({ record, fields, cells }) => ({
      fields: fields.length ? fieldsAt(record, fields) : undefined,
      cells: cells.length ? keysAt(record, cells) : undefined,
    }),
    wait(heard) {
      if (waiting.push(heard) === 1) node.send(order)
    },
    entryAt({ bytes, left }) {
      const found = listOf(bytes.command)[bytes.from]
      if (left.answer instanceof Error) throw left.answer
      // A key without a lifetime (-1) was not stored by us: it counts as expired.
      return Buffer.isBuffer(found) ? { bytes: found, remaining: Number(left.answer) } : null
    },
    tagsAt: ({ fields, cells }) => ({
      fields: fields ? fieldStates(fields, life) : NOTHING,
      cells: cells ? cellStates(cells, life) : NOTHING,
    }),
  }
}

function added(commands: Command[], slot: string, words: Command['words']): Command {
  const command: Command = { words, slot, answer: null }
  commands.push(command)
  return command
}

function listOf({ answer }: Command): readonly Answer[] {
  if (answer instanceof Error) throw answer
  return answer as readonly Answer[]
}

function fieldStates({ command, count, picks }: Place, life: string): readonly TagState[] {
  command.states ??= listOf(command).map((text) => stateOf(text, life))
  const { states } = command
  if (picks) return picks.map((at) => states[at] ?? null)
  return count === states.length ? states : states.slice(0, count)
}

function cellStates({ command, from, count }: Place, life: string): readonly TagState[] {
  const texts = listOf(command)
  const states: TagState[] = []
  for (let at = from; at < from + count; at++) states.push(stateOf(texts[at], life))
  return states
}
