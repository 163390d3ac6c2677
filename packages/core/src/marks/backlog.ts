import type { FinishRequest } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import { LIST } from '../tags/spelling.ts'
import type { Unfinished } from './pending-writes.ts'

/** Bounds of what is owed: beyond them it is owed to whole tables, and beyond those to everything. */
export const MOST_RECORDS = 1_000
export const MOST_CELLS = 10_000
const MOST_CELLS_OF_RECORD = 1_000
/** Marks of more writes of one table than this are left to their deadline. */
const MOST_TOKENS = 16

/** What the store must still be told of one record, or of everything. */
export interface Debt {
  /** One finish per write whose mark may be up; each does all that is owed. Undefined: invalidate everything. */
  readonly requests: readonly FinishRequest[] | undefined
  /** Forgets it, unless more has come since it was looked up. */
  paid(): void
  /** Puts it behind all others. */
  unpaid(): void
}

/** Finishes that the store has not acknowledged, merged per record and bounded. Reads of what is owed are covered. */
export interface Backlog {
  readonly records: number
  readonly cells: number
  readonly empty: boolean
  add(request: FinishRequest): void
  addEverything(): void
  /** All there is, the oldest first. */
  debts(): readonly Debt[]
  clear(): void
}

/** @param overflowed called when there are too many records, and so everything is owed. */
export function createBacklog(unfinished: Unfinished, overflowed: () => void): Backlog {
  const owed = new Map<string, Owed>()
  let cells = 0
  let all: { version: number; readonly release: () => void } | undefined

  const forget = (one: Owed): void => {
    owed.delete(one.record)
    cells -= one.cells.size
    one.release()
  }
  const clear = (): void => {
    for (const one of [...owed.values()]) forget(one)
  }
  const addEverything = (): void => {
    // Covered before the records are let go.
    if (all) all.version++
    else all = { version: 0, release: unfinished.addAll() }
    clear()
  }
  const begin = (request: FinishRequest): Owed => {
    const one = firstOf(request)
    one.release = unfinished.hold({ record: one.record, touches: (read) => touches(one, read) })
    owed.set(one.record, one)
    return one
  }
  const debtOf = (one: Owed): Debt => {
    const { version } = one
    return {
      requests: requestsOf(one),
      paid: () => one.version === version && owed.get(one.record) === one && forget(one),
      unpaid: () => owed.delete(one.record) && owed.set(one.record, one),
    }
  }
  const debtOfAll = (known: NonNullable<typeof all>): Debt => {
    const { version } = known
    const paid = (): void => {
      if (all !== known || known.version !== version) return
      all = undefined
      known.release()
    }
    return { requests: undefined, paid, unpaid: () => {} }
  }
  return {
    get records() {
      return owed.size
    },
    get cells() {
      return cells
    },
    get empty() {
      return !all && !owed.size
    },
    add(request) {
      // Said already, unless it is just being said: then once more.
      if (all) {
        all.version++
        return
      }
      const one = owed.get(request.record) ?? begin(request)
      cells -= one.cells.size
      join(one, request)
      cells += one.cells.size
      if (cells > MOST_CELLS) {
        const most = largest(owed.values())
        cells -= most.cells.size
        widen(most)
      }
      if (owed.size <= MOST_RECORDS) return
      addEverything()
      overflowed()
    },
    addEverything,
    debts: () => (all ? [debtOfAll(all)] : [...owed.values()].map(debtOf)),
    clear() {
      clear()
      all?.release()
      all = undefined
    },
  }
}

/** What is owed to one record. */
interface Owed {
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

function firstOf({ record, untouched, keep }: FinishRequest): Owed {
  const one = { record, tokens: [], untouched, keep, cells: new Set<string>() }
  return { ...one, whole: false, version: 0, release: () => {} }
}

function join(one: Owed, request: FinishRequest): void {
  one.version++
  if (one.tokens.length < MOST_TOKENS) one.tokens.push(request.token)
  if (one.whole) return
  one.untouched = one.untouched.filter((name) => request.untouched.includes(name))
  // A kept field vouches for the cells of one write, under the mark of that write.
  if (one.version > 1) one.keep = []
  for (const cell of request.cells) one.cells.add(cell)
  if (one.cells.size > MOST_CELLS_OF_RECORD) widen(one)
}

function widen(one: Owed): void {
  one.cells.clear()
  one.untouched = []
  one.keep = []
  one.whole = true
}

function largest(owed: Iterable<Owed>): Owed {
  return [...owed].reduce((most, one) => (one.cells.size > most.cells.size ? one : most))
}

function requestsOf({ record, tokens, untouched, keep, cells }: Owed): readonly FinishRequest[] {
  const names = [...cells]
  return tokens.map((token) => ({ record, token, untouched, keep, cells: names }))
}

/** As for the write it comes from: a read of a value cell asks for its key's field as well. */
function touches({ untouched, cells }: Owed, read: ReadTag): boolean {
  if (read.cells.some((cell) => cells.has(cell))) return true
  return read.fields.some((field) => (field === LIST ? read.list === 'depends' : !untouched.includes(field)))
}
