import type { FinishRequest } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import { LIST } from '../tags/spelling.ts'
import type { PendingWrites } from './pending-writes.ts'

/** Bounds of the backlog. Beyond them whole tables are invalidated, and beyond {@link MOST_RECORDS} everything. */
export const MOST_RECORDS = 1_000
export const MOST_CELLS = 10_000
const MOST_CELLS_OF_RECORD = 1_000
/** Marks of more writes than this on one table are not removed. They expire by themselves. */
const MOST_TOKENS = 16

/** Finishes of one record, or of everything, that the store has not acknowledged. */
export interface BacklogItem {
  /** One finish for each write whose mark may be set. Each invalidates all there is. Undefined: invalidate everything. */
  readonly requests: readonly FinishRequest[] | undefined
  /** Removes the item, unless more was added to it in the meantime. */
  acknowledge(): void
  /** Moves the item behind all others. */
  postpone(): void
}

/** Finishes that the store has not acknowledged, merged per record and bounded. Reads that they affect bypass the cache. */
export interface Backlog {
  readonly records: number
  readonly cells: number
  readonly empty: boolean
  add(request: FinishRequest): void
  addEverything(): void
  /** Returns all items, the oldest first. */
  items(): readonly BacklogItem[]
  clear(): void
}

/** @param overflowed called when there are too many records, so that everything has to be invalidated. */
export function createBacklog(unfinished: PendingWrites, overflowed: () => void): Backlog {
  const byRecord = new Map<string, RecordBacklog>()
  let cells = 0
  let all: { version: number; readonly release: () => void } | undefined

  const forget = (backlog: RecordBacklog): void => {
    byRecord.delete(backlog.record)
    cells -= backlog.cells.size
    backlog.release()
  }
  const clear = (): void => {
    for (const backlog of [...byRecord.values()]) forget(backlog)
  }
  const addEverything = (): void => {
    // Before the records are removed, so that no read slips through.
    if (all) all.version++
    else all = { version: 0, release: unfinished.addAll() }
    clear()
  }
  const begin = (request: FinishRequest): RecordBacklog => {
    const backlog = createRecordBacklog(request)
    backlog.release = unfinished.hold({ record: backlog.record, touches: (read) => touches(backlog, read) })
    byRecord.set(backlog.record, backlog)
    return backlog
  }
  const itemOf = (backlog: RecordBacklog): BacklogItem => {
    const { version } = backlog
    return {
      requests: requestsOf(backlog),
      acknowledge: () =>
        backlog.version === version && byRecord.get(backlog.record) === backlog && forget(backlog),
      postpone: () => byRecord.delete(backlog.record) && byRecord.set(backlog.record, backlog),
    }
  }
  const itemOfAll = (everything: NonNullable<typeof all>): BacklogItem => {
    const { version } = everything
    const acknowledge = (): void => {
      if (all !== everything || everything.version !== version) return
      all = undefined
      everything.release()
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
      // Everything is to be invalidated already. If that request is on its way, it has to be sent once more.
      if (all) {
        all.version++
        return
      }
      const backlog = byRecord.get(request.record) ?? begin(request)
      cells -= backlog.cells.size
      join(backlog, request)
      cells += backlog.cells.size
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

/** The unacknowledged finishes of one record, merged. */
interface RecordBacklog {
  readonly record: string
  readonly tokens: string[]
  untouched: readonly string[]
  keep: readonly string[]
  readonly cells: Set<string>
  /** Every field gets a new nonce, so cells need not be listed. */
  whole: boolean
  /** Increases whenever something is added. */
  version: number
  release: () => void
}

function createRecordBacklog({ record, untouched, keep }: FinishRequest): RecordBacklog {
  const backlog = { record, tokens: [], untouched, keep, cells: new Set<string>() }
  return { ...backlog, whole: false, version: 0, release: () => {} }
}

function join(backlog: RecordBacklog, request: FinishRequest): void {
  backlog.version++
  if (backlog.tokens.length < MOST_TOKENS) backlog.tokens.push(request.token)
  if (backlog.whole) return
  backlog.untouched = backlog.untouched.filter((name) => request.untouched.includes(name))
  // A kept field is safe only for the cells of one write, while the mark of that write is set.
  if (backlog.version > 1) backlog.keep = []
  for (const cell of request.cells) backlog.cells.add(cell)
  if (backlog.cells.size > MOST_CELLS_OF_RECORD) widen(backlog)
}

function widen(backlog: RecordBacklog): void {
  backlog.cells.clear()
  backlog.untouched = []
  backlog.keep = []
  backlog.whole = true
}

function largest(backlogs: Iterable<RecordBacklog>): RecordBacklog {
  return [...backlogs].reduce((most, backlog) => (backlog.cells.size > most.cells.size ? backlog : most))
}

function requestsOf({ record, tokens, untouched, keep, cells }: RecordBacklog): readonly FinishRequest[] {
  const names = [...cells]
  return tokens.map((token) => ({ record, token, untouched, keep, cells: names }))
}

/** A read of a value cell also asks for the field of its key, as with the write itself. */
function touches({ untouched, cells }: RecordBacklog, read: ReadTag): boolean {
  if (read.cells.some((cell) => cells.has(cell))) return true
  return read.fields.some((field) => (field === LIST ? read.list === 'depends' : !untouched.includes(field)))
}
