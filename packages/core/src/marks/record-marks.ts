import type { GuardedStore } from '../store/guard.ts'
import type { Guarded } from '../store/guarded.ts'
import type { MarkRequest } from '../store/store.ts'
import type { TagReport } from '../tags/tag.ts'
import { keysIn, MOST_CELLS, type WriteTag } from '../tags/write-tags.ts'
import type { MarkReports } from '../write-through/row-storage.ts'
import { markOf } from './renewals.ts'

/** Marks of one record that are sent one by one in the background. The rest is sent together before COMMIT. */
const MAX_IN_BACKGROUND = 16

/**
 * When marks are sent:
 * - `background`: one after the other. While one is under way, the next ones collect and are then sent together.
 * - `awaited`: the same, for a statement that waits for its mark.
 * - `all`: at once.
 */
export type Sending = 'background' | 'awaited' | 'all'

/** The marks of one write on the tags of one record. */
export interface RecordMarks {
  readonly record: string
  /** Marks those tags that are not marked yet. */
  add(tag: WriteTag, sending: Sending): void
  /** Sends all marks again. */
  repeat(): void
  /** Resolves when no mark is under way. Undefined: none is. */
  settled(): Promise<void> | undefined
  /** True if every mark is acknowledged. */
  readonly acknowledged: boolean
  /** The error of the last mark, if it failed. */
  readonly failure: unknown
  /** Returns everything that may have the mark. */
  tag(): WriteTag
}

/** @param reports requests and receives reports. */
export function createRecordMarks(
  store: GuardedStore,
  token: string,
  first: WriteTag,
  reports: MarkReports | undefined,
): RecordMarks {
  const wanted = createWantedMarks(first)
  let [onWay, commands, urgent] = [0, 0, false]
  let failed: { readonly error: unknown } | undefined
  let quiet: PromiseWithResolvers<void> | undefined

  const send = (all: boolean): void => {
    const tag = wanted.take(all || failed !== undefined)
    const request = markOf(tag, token, reports?.requestAtMark({ ...tag, unknown: wanted.tag().unknown }))
    urgent = false
    failed = undefined
    onWay++
    commands++
    quiet ??= Promise.withResolvers()
    void store.mark(request).then((answer) => over(request, answer))
  }
  const over = (request: MarkRequest, answer: Guarded<TagReport | undefined>): void => {
    onWay--
    if (!answer.ok) failed = answer
    if (request.reportOn && answer.ok && answer.value) reports?.marked(request.reportOn, answer.value)
    if (wanted.more && !failed && !onWay && (urgent || commands < MAX_IN_BACKGROUND)) send(false)
    if (onWay) return
    quiet?.resolve()
    quiet = undefined
  }
  return {
    record: first.record,
    add(tag, sending) {
      wanted.add(tag)
      if (!wanted.more && !failed) return
      if (sending !== 'background') urgent = true
      if (sending === 'all' || (!onWay && (urgent || commands < MAX_IN_BACKGROUND))) send(false)
    },
    repeat: () => send(true),
    settled: () => quiet?.promise,
    get acknowledged() {
      return !onWay && !failed && !wanted.more
    },
    get failure() {
      return failed?.error
    },
    tag: wanted.tag,
  }
}

/** The parts of one record that still need this write's mark. More of them become known as the write goes on. */
interface WantedMarks {
  add(tag: WriteTag): void
  /** True if there is something that was not taken yet. */
  readonly more: boolean
  /** What was not taken yet, or everything; it counts as taken from now on. */
  take(all: boolean): WriteTag
  /** Everything. */
  tag(): WriteTag
}

function createWantedMarks({ table, record, known: first }: WriteTag): WantedMarks {
  let knownKeys = first
  const unknown = new Set<string>()
  const cells = new Set<string>()
  let remaining = { unknown: new Set<string>(), cells: new Set<string>() }
  let [more, whole] = [true, false]

  const want = (name: string, of: 'unknown' | 'cells', wanted: Set<string>): void => {
    if (wanted.has(name)) return
    wanted.add(name)
    remaining[of].add(name)
    more = true
  }
  /** The keys are marked wholly: no cell needs naming. */
  const widen = (): void => {
    whole = true
    for (const cell of remaining.cells) cells.delete(cell)
    remaining.cells.clear()
    for (const name of keysIn(knownKeys)) want(name, 'unknown', unknown)
  }
  return {
    add(tag) {
      // Two clients may know different keys of one table: what only one of them knows is marked where it is found.
      if (tag.known !== knownKeys && !knownKeys.every((name) => tag.known.includes(name))) {
        knownKeys = knownKeys.filter((name) => tag.known.includes(name))
        more = true
      }
      for (const name of tag.unknown) if (knownKeys.includes(name)) want(name, 'unknown', unknown)
      if (whole) return
      for (const cell of tag.cells) want(cell, 'cells', cells)
      if (cells.size > MOST_CELLS) widen()
    },
    get more() {
      return more
    },
    take(all) {
      const taken = { table, record, known: knownKeys, ...(all ? { unknown, cells } : remaining) }
      remaining = { unknown: new Set(), cells: new Set() }
      more = false
      return taken
    },
    tag: () => ({ table, record, known: knownKeys, unknown, cells }),
  }
}
