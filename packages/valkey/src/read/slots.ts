import type { TagState } from '@larder/core/store'
import type { Reply } from '../connection/command.ts'

// What a packet asks for, and where in the replies it will be.

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
