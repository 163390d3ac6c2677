import type { FinishRequest } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import { LIST } from '../tags/spelling.ts'
import type { PendingWrites } from './pending-writes.ts'

/** Bounds of what is owed: beyond them it is owed to whole tables, and beyond those to everything. */
export const MOST_RECORDS = 1_000
export const MOST_CELLS = 10_000
const MOST_CELLS_OF_RECORD = 1_000
/** Marks of more writes of one table than this are left to their deadline. */
const MOST_TOKENS = 16

/** What the store must still be told of one record, or of everything. */
export interface BacklogItem {
  /** One finish per write whose mark may be up; each does all that is owed. Undefined: invalidate everything. */
  readonly requests: readonly FinishRequest[] | undefined
  /** Forgets it, unless more has come since it was looked up. */
  acknowledge(): void
  /** Puts it behind all others. */
  postpone(): void
}

/** Finishes that the store has not acknowledged, merged per record and bounded. Reads of what is owed are covered. */
export interface Backlog {
  readonly records: number
  readonly cells: number
  readonly empty: boolean
  add(request: FinishRequest): void
  addEverything(): void
  /** All there is, the oldest first. */
  items(): readonly BacklogItem[]
  clear(): void
}

/** @param overflowed called when there are too many records, and so everything is owed. */
export function createBacklog(unfinished: PendingWrites, overflowed: () => void): Backlog {
  const byRecord = new Map<string, RecordBacklog>()
  let cells = 0
  let all: { version: number; readonly release: () => void } | undefined

  const forget = (one: RecordBacklog): void => {
    byRecord.delete(one.record)
    cells -= one.cells.size
    one.release()
  }
  const clear = (): void => {
    for (const one of [...byRecord.values()]) forget(one)
  }
  const addEverything = (): void => {
    // Covered before the records are let go.
    if (all) all.version++
    else all = { version: 0, release: unfinished.addAll() }
    clear()
  }
  const begin = (request: FinishRequest): RecordBacklog => {
    const one = createRecordBacklog(request)
    one.release = unfinished.hold({ record: one.record, touches: (read) => touches(one, read) })
    byRecord.set(one.record, one)
    return one
  }
  const itemOf = (one: RecordBacklog): BacklogItem => {
    const { version } = one
    return {
      requests: requestsOf(one),
      acknowledge: () => one.version === version && byRecord.get(one.record) === one && forget(one),
      postpone: () => byRecord.delete(one.record) && byRecord.set(one.record, one),
    }
  }
  const itemOfAll = (known: NonNullable<typeof all>): BacklogItem => {
    const { version } = known
    const acknowledge = (): void => {
      if (all !== known || known.version !== version) return
      all = undefined
      known.release()
    }
    return { requests: undefined, acknowledge, postpone: () => {} }
  }
  return {
    get records() {
      return byRecord.size
    },
    get cells() {
      return cells
    },
    get empty() {
      return !all && !byRecord.size
    },
    add(request) {
      // Said already, unless it is just being said: then once more.
      if (all) {
        all.version++
        return
      }
      const one = byRecord.get(request.record) ?? begin(request)
      cells -= one.cells.size
      join(one, request)
      cells += one.cells.size
      if (cells > MOST_CELLS) {
        const most = largest(byRecord.values())
        cells -= most.cells.size
        widen(most)
      }
      if (byRecord.size <= MOST_RECORDS) return
      addEverything()
      overflowed()
    },
    addEverything,
    items: () => (all ? [itemOfAll(all)] : [...byRecord.values()].map(itemOf)),
    clear() {
      clear()
      all?.release()
      all = undefined
    },
  }
}

/** What is owed to one record. */
interface RecordBacklog {
  readonly record: string
  readonly tokens: string[]
  untouched: readonly string[]
  keep: readonly string[]
  readonly cells: Set<string>
  /** Every field is owed a new nonce, so no cell needs naming. */
  whole: boolean
  /** Grows whenever more is owed. */
  version: number
  release: () => void
}

function createRecordBacklog({ record, untouched, keep }: FinishRequest): RecordBacklog {
  const one = { record, tokens: [], untouched, keep, cells: new Set<string>() }
  return { ...one, whole: false, version: 0, release: () => {} }
}

function join(one: RecordBacklog, request: FinishRequest): void {
  one.version++
  if (one.tokens.length < MOST_TOKENS) one.tokens.push(request.token)
  if (one.whole) return
  one.untouched = one.untouched.filter((name) => request.untouched.includes(name))
  // A kept field vouches for the cells of one write, under the mark of that write.
  if (one.version > 1) one.keep = []
  for (const cell of request.cells) one.cells.add(cell)
  if (one.cells.size > MOST_CELLS_OF_RECORD) widen(one)
}

function widen(one: RecordBacklog): void {
  one.cells.clear()
  one.untouched = []
  one.keep = []
  one.whole = true
}

function largest(owed: Iterable<RecordBacklog>): RecordBacklog {
  return [...owed].reduce((most, one) => (one.cells.size > most.cells.size ? one : most))
}

function requestsOf({ record, tokens, untouched, keep, cells }: RecordBacklog): readonly FinishRequest[] {
  const names = [...cells]
  return tokens.map((token) => ({ record, token, untouched, keep, cells: names }))
}

/** As for the write it comes from: a read of a value cell asks for its key's field as well. */
function touches({ untouched, cells }: RecordBacklog, read: ReadTag): boolean {
  if (read.cells.some((cell) => cells.has(cell))) return true
  return read.fields.some((field) => (field === LIST ? read.list === 'depends' : !untouched.includes(field)))
}
