import type { TagState } from '@larder/core/store'
import { type EncodedCommand, encodeWord, type Reply } from '../connection/send.ts'

/** A command that may grow until its packet is sent, and then its reply. */
export interface PendingCommand {
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

export function added(commands: PendingCommand[], slot: string, name: string): PendingCommand {
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

export function encoded({ name, words, count, fields }: PendingCommand): EncodedCommand {
  // The record itself is an argument, too.
  const others = fields.length + (fields.length ? 2 : 1)
  return { name, wire: `*${count + others}\r\n$${name.length}\r\n${name}\r\n${words}` }
}

export function recordIn(records: PendingCommand[], record: string, words: string): PendingCommand {
  for (const command of records) if (command.slot === record) return command
  const command = added(records, record, 'hmget')
  command.words = words
  return command
}

/** Adds what is not asked yet. @returns where the fields will be, unless they are the first ones. */
export function askFields(
  command: PendingCommand,
  fields: readonly string[],
  words: string,
): readonly number[] | undefined {
  const asked = command.fields
  if (!asked.length) {
    asked.push(...fields)
    command.words += words
    return undefined
  }
  if (fields.every((field, at) => asked[at] === field)) return undefined
  return fields.map((field) => {
    const at = asked.indexOf(field)
    if (at >= 0) return at
    command.words += encodeWord(field)
    return asked.push(field) - 1
  })
}

export function listOf({ reply }: PendingCommand): readonly Reply[] {
  if (reply instanceof Error) throw reply
  return reply as readonly Reply[]
}
