/**
 * A model of captured dependencies. The load of a computed value reads two rows of one table, one after the other, and the
 * first one twice. Each read contributes the value cell of its row with the nonce that it saw: before its SQL, or in the
 * entry that it was served from. The entry of the computed value records these cells, or `list` of the table in their place
 * where there are too many (`coarse`). Callers, writers and evictions are run through every interleaving of their steps.
 *
 * What is returned from the entry, or to a caller who joined the load of another one, must be what both rows held at one
 * instant of the call.
 */

/** The rows that a writer changes in one transaction. */
export type Writer = 'a' | 'b' | 'both'

/** A rule to leave out. */
export type Rule =
  /** A read without a policy fetches the nonces of its tags after its SQL. */
  | 'nonce-before-sql'
  /** Of two reads that saw different nonces of one tag, the later one counts. */
  | 'one-nonce'
  /** The second row is not captured. */
  | 'every-read'
  /** The look-up compares the tags that it remembers of an earlier entry, and not those of this one. */
  | 'all-of-the-entry'
  /** A read inside the load may be served by an entry that was not validated, and contributes the nonces of now. */
  | 'strict-reads'
  /** Whoever joined a load takes its result, confirmed or not. */
  | 'joined-confirmed'
  /** `list` is recorded in place of the cells, without a look whether they still are what they were. */
  | 'cells-confirmed'
  /** The cells are confirmed a moment before `list` is read, instead of after it. */
  | 'list-before-cells'

export interface Explored {
  readonly states: number
  /** How often a result was returned that this model checks: without any, it would show nothing. */
  readonly served: number
  /** What went wrong, with the steps that led there. */
  readonly wrong: ReadonlyMap<string, readonly string[]>
}

export interface Exploration {
  readonly writers: readonly Writer[]
  /** The search ends at the first thing that goes wrong without it. */
  readonly without?: Rule
  /** How many call the computed value; 2 unless told. */
  readonly callers?: number
  /** How many clean tags may be evicted. */
  readonly evictions?: number
  /** The entry records `list` in place of the cells. */
  readonly coarse?: boolean
}

type Row = 0 | 1
const ROWS: readonly Row[] = [0, 1]
/** The rows in the order in which a load reads them. */
const READS: readonly Row[] = [0, 1, 0]

interface Tag {
  nonce: number
  marks: string[]
}

interface WriterState {
  readonly kind: Writer
  at: 'idle' | 'marked' | 'committed' | 'bumped' | 'done'
}

interface Entry {
  values: number[]
  cells: (number | undefined)[]
  list: number | undefined
}

interface CallerState {
  at:
    | 'idle'
    | 'looking'
    | 'joined'
    | 'fetching'
    | 'querying'
    | 'looking after'
    | 'loaded'
    | 'confirming'
    | 'done'
  /** Index of the state of the database in which the call began. */
  since: number
  /** Reads of the load that are over. */
  read: number
  values: number[]
  cells: (number | undefined)[]
  /** The reads disagreed, or saw a mark. */
  refused: boolean
  list: number | undefined
  /** What the look-up fetches in its second step. */
  found: Entry | undefined
  leader: number
}

interface State {
  /** Every state of both rows that was ever committed. */
  history: number[][]
  nonces: number
  evicted: number
  list: Tag | undefined
  cells: (Tag | undefined)[]
  entry: Entry | undefined
  /** An entry of the first row alone. */
  inner: { value: number; nonce: number } | undefined
  writers: WriterState[]
  callers: CallerState[]
}

interface Visit {
  readonly state: State
  readonly label: string
  readonly before: Visit | undefined
}

/** @returns what went wrong; `'served'` for a result that is right. */
type Act = (next: State) => string | undefined
type Go = (label: string, act: Act) => void

export function explore(exploration: Exploration): Explored {
  const { writers, callers = 2 } = exploration
  const wrong = new Map<string, readonly string[]>()
  const visitedKeys = new Set<string>()
  let served = 0
  const stack: Visit[] = [{ state: start(writers, callers), label: '', before: undefined }]
  for (let visit = stack.pop(); visit; visit = stack.pop()) {
    const { state } = visit
    const before = visit
    if (exploration.without && wrong.size) break
    stepsOf(state, exploration, (label, act) => {
      const next = copyOf(state)
      const said = act(next)
      const further: Visit = { state: next, label, before }
      if (said === 'served') served++
      else if (said !== undefined && !wrong.has(said)) wrong.set(said, pathOf(further))
      const name = nameOf(next)
      if (visitedKeys.has(name)) return
      visitedKeys.add(name)
      stack.push(further)
    })
  }
  return { states: visitedKeys.size, served, wrong }
}

function pathOf(visit: Visit): string[] {
  const path: string[] = []
  for (let step: Visit | undefined = visit; step?.before; step = step.before) path.unshift(step.label)
  return path
}

function start(writers: readonly Writer[], callers: number): State {
  return {
    history: [[0, 0]],
    nonces: 10,
    evicted: 0,
    list: { nonce: 1, marks: [] },
    cells: [
      { nonce: 2, marks: [] },
      { nonce: 3, marks: [] },
    ],
    entry: undefined,
    inner: undefined,
    writers: writers.map((kind) => ({ kind, at: 'idle' })),
    callers: Array.from({ length: callers }, () => ({
      at: 'idle',
      since: 0,
      read: 0,
      values: [],
      cells: [undefined, undefined],
      refused: false,
      list: undefined,
      found: undefined,
      leader: -1,
    })),
  }
}

function copyOf(state: State): State {
  const tag = (tag: Tag | undefined): Tag | undefined => tag && { nonce: tag.nonce, marks: [...tag.marks] }
  return {
    ...state,
    history: [...state.history],
    list: tag(state.list),
    cells: state.cells.map(tag),
    writers: state.writers.map((writer) => ({ ...writer })),
    callers: state.callers.map((caller) => ({
      ...caller,
      values: [...caller.values],
      cells: [...caller.cells],
    })),
  }
}

function stepsOf(state: State, exploration: Exploration, go: Go): void {
  for (const index of state.writers.keys()) writerSteps(state, index, go)
  for (const index of state.callers.keys()) callerSteps(state, index, exploration, go)
  if (state.evicted >= (exploration.evictions ?? 0)) return
  for (const row of ROWS)
    if (isClean(state.cells[row]))
      go(`cell ${row} is evicted`, (next) => {
        next.cells[row] = undefined
        next.evicted++
        return undefined
      })
  if (isClean(state.list))
    go('the record is evicted', (next) => {
      next.list = undefined
      next.evicted++
      return undefined
    })
}

const isClean = (tag: Tag | undefined): tag is Tag => tag !== undefined && !tag.marks.length

const fresh = (state: State): Tag => ({ nonce: ++state.nonces, marks: [] })

function writerSteps(state: State, index: number, go: Go): void {
  const { kind, at } = state.writers[index] as WriterState
  const token = `w${index}`
  const rows = ROWS.filter((row) => kind === 'both' || kind === 'ab'[row])
  const step = (what: string, to: WriterState['at'], act: (next: State) => void): void =>
    go(`${token} (${kind}) ${what}`, (next) => {
      act(next)
      const me = next.writers[index] as WriterState
      me.at = to
      return undefined
    })
  if (at === 'idle')
    step('marks', 'marked', (next) => {
      next.list ??= fresh(next)
      next.list.marks.push(token)
      for (const row of rows) {
        const cell = next.cells[row] ?? fresh(next)
        cell.marks.push(token)
        next.cells[row] = cell
      }
    })
  if (at === 'marked')
    step('commits', 'committed', (next) => {
      const last = next.history.at(-1) as number[]
      next.history.push(last.map((value, row) => (rows.includes(row as Row) ? next.history.length : value)))
    })
  if (at === 'committed')
    step('bumps the cells', 'bumped', (next) => {
      for (const row of rows) {
        const cell = next.cells[row]
        if (!cell) continue
        cell.marks = cell.marks.filter((mark) => mark !== token)
        cell.nonce = ++next.nonces
        if (!cell.marks.length) next.cells[row] = undefined
      }
    })
  if (at === 'bumped')
    step('finishes the record', 'done', (next) => {
      if (!next.list) return
      next.list.marks = next.list.marks.filter((mark) => mark !== token)
      next.list.nonce = ++next.nonces
    })
}

/** Whether both values stood in the database together, at an instant since the call began. */
function checkSchedule(next: State, { since }: CallerState, values: readonly number[], how: string): string {
  const states = next.history.slice(since)
  if (states.some((state) => ROWS.every((row) => state[row] === values[row]))) return 'served'
  const old = ROWS.some((row) => (values[row] as number) < ((states[0] as number[])[row] as number))
  return `${how}: ${old ? 'stale' : 'torn'}`
}

function callerSteps(state: State, index: number, { without, coarse = false }: Exploration, go: Go): void {
  const { at, read } = state.callers[index] as CallerState
  const step = (what: string, act: (next: State, me: CallerState) => string | undefined): void =>
    go(`c${index} ${what}`, (next) => act(next, next.callers[index] as CallerState))
  if (at === 'idle')
    step('begins, and fetches the entry', (next, me) => {
      me.since = next.history.length - 1
      me.found = next.entry
      me.at = 'looking'
      return undefined
    })
  if (at === 'looking')
    step('fetches the tags of the entry', (next, me) => {
      const { found } = me
      me.found = undefined
      if (found && matches(next, found, without)) {
        me.at = 'done'
        return checkSchedule(next, me, found.values, 'a hit')
      }
      // A caller knows none of the captured tags before a load, so nothing tells a new load from an old one.
      const leader = next.callers.findIndex(isLoading)
      me.at = leader < 0 ? 'fetching' : 'joined'
      me.leader = leader
      return undefined
    })
  if (at === 'fetching') readSteps(state, READS[read] as Row, without, step)
  if (at === 'querying')
    step(`queries row ${READS[read]}`, (next, me) => {
      query(next, me, READS[read] as Row)
      if (without === 'nonce-before-sql') me.at = 'looking after'
      else over(me)
      return undefined
    })
  if (at === 'looking after')
    step(`fetches the tag of row ${READS[read]}`, (next, me) => {
      observe(next, me, READS[read] as Row, without)
      over(me)
      return undefined
    })
  if (at === 'loaded' || at === 'confirming') endSteps(index, at, { without, coarse }, step)
}

const isLoading = ({ at }: CallerState): boolean =>
  /^(fetching|querying|looking after|loaded|confirming)$/.test(at)

type Step = (what: string, act: (next: State, me: CallerState) => string | undefined) => void

function matches(next: State, entry: Entry, without: Rule | undefined): boolean {
  if (entry.list !== undefined) return isClean(next.list) && next.list.nonce === entry.list
  return ROWS.every((row) => {
    if (without === 'all-of-the-entry' && row === 1) return true
    const [cell, nonce] = [next.cells[row], entry.cells[row]]
    return nonce === undefined || (isClean(cell) && cell.nonce === nonce)
  })
}

/** One read of the load: served by an entry of its own, or by the database. */
function readSteps(state: State, row: Row, without: Rule | undefined, step: Step): void {
  if (without === 'nonce-before-sql')
    step(`begins to read row ${row}`, (_, me) => {
      me.at = 'querying'
      return undefined
    })
  else
    step(`fetches the tag of row ${row}`, (next, me) => {
      observe(next, me, row, without)
      me.at = 'querying'
      return undefined
    })
  const { inner } = state
  const [cell] = state.cells
  const valid = isClean(cell) && cell.nonce === inner?.nonce
  if (row === 0 && inner && (valid || without === 'strict-reads'))
    step('reads row 0 from its entry', (next, me) => {
      me.values[0] = inner.value
      if (without === 'strict-reads') observe(next, me, 0, without)
      else note(me, 0, inner.nonce, without)
      over(me)
      return undefined
    })
}

/** Fetches the cell of a row, and creates it if it is missing: born clean, for a writer would have left its mark. */
function observe(next: State, me: CallerState, row: Row, without: Rule | undefined): void {
  const cell = next.cells[row] ?? fresh(next)
  next.cells[row] = cell
  if (cell.marks.length) me.refused = true
  note(me, row, cell.nonce, without)
}

function note(me: CallerState, row: Row, nonce: number, without: Rule | undefined): void {
  const cell = me.cells[row]
  if (cell !== undefined && cell !== nonce && without !== 'one-nonce') me.refused = true
  if (row === 0 || without !== 'every-read') me.cells[row] = nonce
}

/** The value is made of what the first read of a row returned. */
function query(next: State, me: CallerState, row: Row): void {
  const value = (next.history.at(-1) as number[])[row] as number
  me.values[row] ??= value
  const nonce = me.cells[row]
  if (row === 0 && nonce !== undefined && !me.refused) next.inner = { value, nonce }
}

function over(me: CallerState): void {
  me.read++
  me.at = me.read === READS.length ? 'loaded' : 'fetching'
}

interface End {
  readonly without: Rule | undefined
  readonly coarse: boolean
}

/** After the load: the tags are confirmed, the entry is stored, and whoever joined is served. */
function endSteps(index: number, at: CallerState['at'], { without, coarse }: End, step: Step): void {
  const cellsFirst = without === 'list-before-cells'
  const confirmed = (next: State, me: CallerState): boolean =>
    ROWS.every((row) => {
      const [cell, nonce] = [next.cells[row], me.cells[row]]
      return nonce === undefined || (isClean(cell) && cell.nonce === nonce)
    })
  const readList = (next: State, me: CallerState): void => {
    next.list ??= fresh(next)
    me.list = isClean(next.list) ? next.list.nonce : undefined
    if (me.list === undefined) me.refused = true
  }
  if (at === 'loaded')
    step(coarse && !cellsFirst ? 'reads list' : 'begins to confirm', (next, me) => {
      if (coarse && !cellsFirst) readList(next, me)
      if (coarse && cellsFirst && !confirmed(next, me)) me.refused = true
      me.at = 'confirming'
      return undefined
    })
  if (at !== 'confirming') return
  step('confirms the cells, and stores', (next, me) => {
    if (coarse && cellsFirst) readList(next, me)
    const cells = (coarse && cellsFirst) || without === 'cells-confirmed' || confirmed(next, me)
    const storable = !me.refused && cells
    if (storable)
      next.entry = coarse
        ? { values: me.values, cells: [undefined, undefined], list: me.list }
        : { values: me.values, cells: me.cells, list: undefined }
    me.at = 'done'
    let said: string | undefined
    for (const other of next.callers)
      if (other.at === 'joined' && other.leader === index) {
        if (storable || without === 'joined-confirmed') {
          other.at = 'done'
          const checked = checkSchedule(next, other, me.values, 'a joined load')
          if (said === undefined || said === 'served') said = checked
        } else other.at = 'fetching'
      }
    return said
  })
}

/** The same state under other nonces is the same state. */
function nameOf(state: State): string {
  const numbers = new Map<number, number>()
  const number = (nonce: number | undefined): number | '-' => {
    if (nonce === undefined) return '-'
    const number = numbers.get(nonce) ?? numbers.size
    numbers.set(nonce, number)
    return number
  }
  const tag = (tag: Tag | undefined): string =>
    tag ? `${number(tag.nonce)}${tag.marks.sort().join('')}` : '-'
  const entry = (entry: Entry | undefined): string =>
    entry ? `${entry.values} ${entry.cells.map(number)} ${number(entry.list)}` : '-'
  const { inner } = state
  return [
    state.history.join(';'),
    state.evicted,
    tag(state.list),
    ...state.cells.map(tag),
    entry(state.entry),
    inner ? `${inner.value} ${number(inner.nonce)}` : '-',
    ...state.writers.map((writer) => writer.at),
    ...state.callers.map((caller) =>
      caller.at === 'done'
        ? 'done'
        : `${caller.at} ${caller.since} ${caller.read} ${caller.values} ${caller.cells.map(number)} ${caller.refused} ${number(caller.list)} ${entry(caller.found)} ${caller.leader}`,
    ),
  ].join(' | ')
}
