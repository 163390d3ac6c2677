/**
 * A model of marks that are sent beside the statements of a transaction. One row with a field K and a value cell; a
 * transaction whose statement writes it, a write of its own by another process, and readers. A mark is sent, executed
 * and acknowledged at three instants, and COMMIT may give up waiting for it.
 */

/** Where the statement's value of K comes from: its filter; its result, so that only K is declared before it returns; nowhere. */
export type Statement = 'value-in-filter' | 'value-in-result' | 'value-unknown'

/** A rule to leave out. */
export type Rule =
  /** COMMIT waits until every mark is acknowledged (or, with a budget, until that is spent). */
  | 'acknowledged-before-commit'
  /** What the result showed is marked before COMMIT as well. */
  | 'result-before-commit'
  /** A mark that failed is sent again before COMMIT. */
  | 'failed-again'
  /** The report of a mark that was acknowledged after COMMIT proves nothing. */
  | 'late-proves-nothing'
  /** A finish after COMMIT leaves no nonce of what the write touched as it was: that is for a rollback alone. */
  | 'keeps-after-rollback-only'
  /** A rollback keeps a nonce only where the mark of its transaction is still found. */
  | 'keeps-under-own-mark'

export interface Exploration {
  readonly statement: Statement
  readonly without?: Rule
  /** COMMIT may go ahead although marks are not acknowledged. */
  readonly budget?: boolean
  /** A mark may be lost on its way, and its sender told so. */
  readonly failing?: boolean
  /** Either write stores its row after COMMIT, where the marks prove it. */
  readonly through?: boolean
}

interface Tag {
  nonce: number
  marks: string[]
}

interface Report {
  readonly key: number
  readonly cell: number
  readonly foreign: boolean
}

interface Stamp {
  readonly key: number
  readonly cell: number
}

interface State {
  db: number
  acked: number
  nonces: number
  key: Tag
  cell: Tag | undefined
  entry: { value: number; key: number; cell: number } | undefined
  ours: {
    at: 'idle' | 'called' | 'ran' | 'committed' | 'rolled back' | 'returned' | 'finished' | 'done'
    mark: 'none' | 'sent' | 'executed' | 'acknowledged' | 'failed'
    gaveUp: boolean
    failures: number
    wrote: number
    report: Report | undefined
    stamp: Stamp | undefined
  }
  theirs: {
    at: 'idle' | 'marked' | 'committed' | 'returned' | 'finished' | 'done'
    wrote: number
    report: Report | undefined
    stamp: Stamp | undefined
  }
  reader: {
    at: 'idle' | 'looked' | 'loaded' | 'done'
    floor: number
    acked: number
    value: number
    key: Tag | undefined
    cell: Tag | undefined
  }
}

type Act = (next: State) => string | undefined
type Go = (label: string, act: Act) => void

interface Visit {
  readonly state: State
  readonly label: string
  readonly before: Visit | undefined
}

export interface Explored {
  readonly states: number
  /** What went wrong, with the steps that led there. */
  readonly wrong: ReadonlyMap<string, readonly string[]>
}

export function explore(options: Exploration): Explored {
  const wrong = new Map<string, readonly string[]>()
  const visitedKeys = new Set<string>()
  const stack: Visit[] = [{ state: start(), label: '', before: undefined }]
  for (let visit = stack.pop(); visit; visit = stack.pop()) {
    const { state } = visit
    const before = visit
    if (survives(state) && !wrong.has('survives')) wrong.set('survives', pathOf(visit))
    stepsOf(state, options, (label, act) => {
      const next = copyOf(state)
      const said = act(next)
      const further: Visit = { state: next, label, before }
      if (said !== undefined && !wrong.has(said)) wrong.set(said, pathOf(further))
      const name = nameOf(next)
      if (visitedKeys.has(name)) return
      visitedKeys.add(name)
      stack.push(further)
    })
  }
  return { states: visitedKeys.size, wrong }
}

function pathOf(visit: Visit): string[] {
  const path: string[] = []
  for (let step: Visit | undefined = visit; step?.before; step = step.before) path.unshift(step.label)
  return path
}

const copyOfTag = ({ nonce, marks }: Tag): Tag => ({ nonce, marks: [...marks] })

function copyOf(state: State): State {
  const { key, cell, ours, theirs, reader } = state
  return {
    ...state,
    key: copyOfTag(key),
    cell: cell && copyOfTag(cell),
    // Entries, reports, stamps and what the reader holds of tags are replaced, never changed.
    ours: { ...ours },
    theirs: { ...theirs },
    reader: { ...reader },
  }
}

function start(): State {
  return {
    db: 0,
    acked: 0,
    nonces: 10,
    key: { nonce: 1, marks: [] },
    cell: { nonce: 2, marks: [] },
    entry: { value: 0, key: 1, cell: 2 },
    ours: {
      at: 'idle',
      mark: 'none',
      gaveUp: false,
      failures: 0,
      wrote: 0,
      report: undefined,
      stamp: undefined,
    },
    theirs: { at: 'idle', wrote: 0, report: undefined, stamp: undefined },
    reader: { at: 'idle', floor: 0, acked: 0, value: 0, key: undefined, cell: undefined },
  }
}

/** Everybody is done, and an entry that is behind the database would still be served. */
function survives({ db, key, cell, entry, ours, theirs, reader }: State): boolean {
  const quiet = ours.at === 'done' && theirs.at === 'done' && reader.at === 'done'
  if (!quiet || !entry || entry.value === db || key.marks.length || cell?.marks.length) return false
  return key.nonce === entry.key && cell?.nonce === entry.cell
}

function stepsOf(state: State, options: Exploration, go: Go): void {
  statementSteps(state, options, go)
  markSteps(state, options, go)
  endSteps(state, options, go)
  theirSteps(state, options, go)
  readerSteps(state, go)
}

function statementSteps({ ours }: State, { statement, without }: Exploration, go: Go): void {
  if (ours.at === 'idle')
    go('the statement is called', ({ ours }) => {
      ours.at = 'called'
      // K is marked only where the result cannot show its value.
      if (statement !== 'value-in-result') ours.mark = 'sent'
      return undefined
    })
  if (ours.at === 'called')
    go('the statement runs, and holds the row', ({ ours }) => {
      ours.at = 'ran'
      if (statement === 'value-in-result' && without !== 'result-before-commit') ours.mark = 'sent'
      return undefined
    })
}

function markSteps({ ours, key, cell }: State, { statement, failing }: Exploration, go: Go): void {
  if (ours.mark === 'sent') {
    go('the mark is executed', (next) => {
      const tags = marked(next, statement)
      next.cell ??= { nonce: ++next.nonces, marks: [] }
      const foreign = [...next.key.marks, ...next.cell.marks].includes('theirs')
      next.ours.report = { key: next.key.nonce, cell: next.cell.nonce, foreign }
      for (const tag of tags()) tag.marks.push('ours')
      next.ours.mark = 'executed'
      return undefined
    })
    if (failing && !ours.failures)
      go('the mark is lost', ({ ours }) => {
        ours.mark = 'failed'
        ours.failures++
        return undefined
      })
  }
  if (ours.mark === 'executed')
    go('the mark is acknowledged', ({ ours }) => {
      ours.mark = 'acknowledged'
      return undefined
    })
  // One that came after its finish: nobody takes it off.
  if (ours.at === 'done' && (key.marks.includes('ours') || cell?.marks.includes('ours')))
    go('the late mark expires', (next) => {
      if (unmark(next.key, 'ours')) next.key.nonce = ++next.nonces
      if (next.cell && unmark(next.cell, 'ours')) next.cell = undefined
      return undefined
    })
}

function marked(next: State, statement: Statement): () => Tag[] {
  return () => [statement === 'value-unknown' ? next.key : (next.cell as Tag)]
}

function endSteps({ ours }: State, options: Exploration, go: Go): void {
  const { statement, without, budget, through } = options
  const acknowledged = ours.mark === 'acknowledged' || (ours.mark === 'failed' && without === 'failed-again')
  if (ours.at === 'ran') {
    if (ours.mark === 'failed' && without !== 'failed-again')
      go('the mark is sent again', ({ ours }) => {
        ours.mark = 'sent'
        return undefined
      })
    const unmarked = without === 'acknowledged-before-commit' || without === 'result-before-commit'
    if (acknowledged || unmarked || budget)
      go('COMMIT', (next) => {
        next.ours.wrote = ++next.db
        next.ours.gaveUp = ours.mark !== 'acknowledged'
        next.ours.at = 'committed'
        return undefined
      })
    go('ROLLBACK', ({ ours }) => {
      ours.at = 'rolled back'
      return undefined
    })
  }
  if (ours.at === 'committed')
    go('the transaction returns', (next) => {
      next.acked = Math.max(next.acked, ours.wrote)
      next.ours.at = 'returned'
      return undefined
    })
  // The finish is sent once the mark was answered, or its deadline has passed.
  if (ours.at === 'returned' || ours.at === 'rolled back')
    go('the finish', (next) => finish(next, options, ours.at === 'rolled back'))
  if (ours.at === 'finished')
    go('the row is stored', (next) => {
      const { stamp, wrote } = next.ours
      if (through && stamp && statement !== 'value-unknown') next.entry = { value: wrote, ...stamp }
      next.ours.at = 'done'
      return undefined
    })
}

function finish(next: State, { statement, without }: Exploration, rolledBack: boolean): undefined {
  const { key, ours } = next
  const { report } = ours
  const clean = !key.marks.includes('theirs') && !next.cell?.marks.includes('theirs')
  const same = report?.key === key.nonce && report.cell === next.cell?.nonce && !report.foreign
  const inTime = !ours.gaveUp || without === 'late-proves-nothing'
  const ownMark = next.cell?.marks.includes('ours') === true
  const had = unmark(key, 'ours')
  const keeps = (hadMark: boolean): boolean =>
    (rolledBack || without === 'keeps-after-rollback-only') && (hadMark || without === 'keeps-under-own-mark')
  if (statement === 'value-unknown' && !keeps(had)) key.nonce = ++next.nonces
  if (next.cell && statement !== 'value-unknown') {
    unmark(next.cell, 'ours')
    const keepsCell = keeps(ownMark)
    if (!keepsCell) next.cell.nonce = ++next.nonces
    if (!rolledBack && clean && same && inTime && ownMark)
      ours.stamp = { key: key.nonce, cell: next.cell.nonce }
    else if (!keepsCell && !next.cell.marks.length) next.cell = undefined
  }
  ours.at = rolledBack ? 'done' : 'finished'
  return undefined
}

function unmark(tag: Tag, token: string): boolean {
  const hadMark = tag.marks.includes(token)
  tag.marks = tag.marks.filter((mark) => mark !== token)
  return hadMark
}

/** A write that knows the row, and is marked and finished as it should be. */
function theirSteps({ ours, theirs }: State, { through }: Exploration, go: Go): void {
  if (theirs.at === 'idle')
    go('theirs is marked', (next) => {
      next.cell ??= { nonce: ++next.nonces, marks: [] }
      const { key, cell } = next
      const foreign = [...key.marks, ...cell.marks].includes('ours')
      next.theirs.report = { key: key.nonce, cell: cell.nonce, foreign }
      next.cell.marks.push('theirs')
      next.theirs.at = 'marked'
      return undefined
    })
  if (theirs.at === 'marked' && ours.at !== 'ran')
    go('theirs commits', (next) => {
      next.theirs.wrote = ++next.db
      next.theirs.at = 'committed'
      return undefined
    })
  if (theirs.at === 'committed')
    go('theirs returns', (next) => {
      next.acked = Math.max(next.acked, theirs.wrote)
      next.theirs.at = 'returned'
      return undefined
    })
  if (theirs.at === 'returned')
    go('theirs is finished', (next) => {
      next.theirs.at = 'finished'
      if (next.cell) finishTheirs(next, next.cell)
      return undefined
    })
  if (theirs.at === 'finished')
    go('the row of theirs is stored', (next) => {
      const { stamp, wrote } = next.theirs
      if (through && stamp) next.entry = { value: wrote, ...stamp }
      next.theirs.at = 'done'
      return undefined
    })
}

function finishTheirs(next: State, cell: Tag): void {
  const { key, theirs } = next
  const { report } = theirs
  const same = report?.key === key.nonce && report.cell === cell.nonce && !report.foreign
  const ownMark = unmark(cell, 'theirs')
  cell.nonce = ++next.nonces
  if (ownMark && same && !key.marks.length && !cell.marks.length)
    theirs.stamp = { key: key.nonce, cell: cell.nonce }
  else if (!cell.marks.length) next.cell = undefined
}

const isClean = (tag: Tag | undefined): tag is Tag => tag !== undefined && !tag.marks.length

function readerSteps({ reader }: State, go: Go): void {
  if (reader.at === 'idle')
    go('the reader looks', (next) => {
      const me = next.reader
      const { entry, key, cell } = next
      const hit =
        entry && isClean(key) && isClean(cell) && entry.key === key.nonce && entry.cell === cell.nonce
      if (hit) {
        me.at = 'done'
        return entry.value < next.acked ? 'stale after the write returned' : older(entry.value, next.db)
      }
      next.cell ??= { nonce: ++next.nonces, marks: [] }
      me.key = copyOfTag(key)
      me.cell = copyOfTag(next.cell)
      me.at = isClean(me.key) && isClean(me.cell) ? 'looked' : 'done'
      return undefined
    })
  if (reader.at === 'looked')
    go('the reader loads', (next) => {
      next.reader.value = next.db
      next.reader.at = 'loaded'
      return undefined
    })
  if (reader.at === 'loaded')
    go('the reader stores', (next) => {
      const { value, key, cell } = next.reader
      if (key && cell) next.entry = { value, key: key.nonce, cell: cell.nonce }
      next.reader.at = 'done'
      return undefined
    })
}

function older(value: number, db: number): string | undefined {
  return value < db ? 'stale between COMMIT and return' : undefined
}

/** The same state under other nonces is the same state. */
function nameOf(state: State): string {
  const numbers = new Map<number, number>()
  const number = (nonce: number): number => {
    if (!numbers.has(nonce)) numbers.set(nonce, numbers.size)
    return numbers.get(nonce) as number
  }
  const tag = (tag: Tag | undefined) => tag && [number(tag.nonce), [...tag.marks].sort()]
  const stamp = (stamp: Stamp | undefined) => stamp && [number(stamp.key), number(stamp.cell)]
  const { key, cell, entry, ours, theirs, reader, db, acked } = state
  return JSON.stringify([
    [db, acked, tag(key), tag(cell), entry && [entry.value, stamp(entry)]],
    [ours.at, ours.mark, ours.gaveUp, ours.failures, ours.wrote],
    [ours.report && [stamp(ours.report), ours.report.foreign], stamp(ours.stamp)],
    [theirs.at, theirs.wrote, stamp(theirs.report), theirs.report?.foreign, stamp(theirs.stamp)],
    reader.at === 'done' || [reader.at, reader.value, tag(reader.key), tag(reader.cell)],
  ])
}
