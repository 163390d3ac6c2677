/**
 * A model of result dependencies. The SQL of a read determines which row of another table its result shows, so the value
 * cell of that row cannot be fetched before. The `list` of the other table covers for it, because every write marks it:
 * the read fetches `list` before the SQL, and the script that seeds the cell checks it again after the SQL. Writers of
 * that row and readers of it are run through every interleaving of their steps.
 *
 * In a database without foreign keys the row may be missing while others refer to it already (`dangling`): version 0 of
 * the database then has no such row, and a result that does not show the row names no value cell of it.
 */

/**
 * Where the writer's value of the row's lookup key K comes from: its filter; its result, so that only K is declared
 * before it returns; nowhere, K alone is declared; nowhere, and the writer has not declared K.
 * An `insert` creates the row that others refer to, and like any insert it marks no value of a unique key.
 */
export type Writer = 'value-in-filter' | 'value-in-result' | 'value-unknown' | 'key-undeclared' | 'insert'

/** A rule to leave out. */
export type Rule =
  /** `list` is not looked at again. */
  | 'covered-by-list'
  /** `list` is looked at again a moment before the cell is seeded, instead of by the same script. */
  | 'list-with-seeding'
  /** The nonce recorded is the one of a later fetch instead of the seeding's. */
  | 'nonce-of-seeding'
  /** A dirty `list` is as good as a clean one. */
  | 'list-clean'
  /** On a hit the cell is looked at before the record. */
  | 'record-first'
  /** On a hit the cell is not looked at at all. */
  | 'cell-compared'
  /** A result that does not show the row depends on nothing but the field K, as if no row could be missing. */
  | 'list-unless-shown'

export interface Explored {
  readonly states: number
  /** What went wrong, with the steps that led there. */
  readonly wrong: ReadonlyMap<string, readonly string[]>
}

interface Tag {
  nonce: number
  marks: string[]
}

interface WriterState {
  readonly kind: Writer
  at: 'idle' | 'marked' | 'committed' | 'returned' | 'finished' | 'done' | 'dead'
  wrote: number
}

interface ReaderState {
  at: 'idle' | 'record' | 'cell' | 'both' | 'miss' | 'seeded' | 'loaded' | 'list seen' | 'covered' | 'done'
  floor: number
  acked: number
  value: number
  list: Tag | undefined
  key: Tag | undefined
  cell: Tag | undefined
  covered: boolean
}

interface State {
  db: number
  acked: number
  nonces: number
  faults: number
  record: { list: Tag; key: Tag | undefined } | undefined
  cell: Tag | undefined
  /** `cell` is undefined where the result showed no row: the entry then depends on `list`, unless the rule is left out. */
  entry: { value: number; key: number; cell: number | undefined; list: number | undefined } | undefined
  writers: WriterState[]
  readers: ReaderState[]
}

interface Step {
  readonly label: string
  readonly next: State
  readonly wrong?: string
}

export interface Exploration {
  readonly writers: readonly Writer[]
  /** The search ends at the first thing that goes wrong without it. */
  readonly without?: Rule
  /** How many readers there are; 2 unless told. */
  readonly readers?: number
  /** How many faults may happen: a writer that dies, a clean tag that is evicted. */
  readonly faults?: number
  /** The store knows the record and the cell from the start. */
  readonly warm?: boolean
  /** A referrer exists before its target: the row is not there at first. */
  readonly dangling?: boolean
}

export function explore(exploration: Exploration): Explored {
  const { writers, without, readers = 2, faults = 0, warm = false, dangling = false } = exploration
  const rules: Rules = { without, faults, dangling }
  const wrong = new Map<string, readonly string[]>()
  const visitedKeys = new Set<string>()
  const stack: Visit[] = [{ state: start(writers, readers, warm), label: '', before: undefined }]
  for (let visit = stack.pop(); visit; visit = stack.pop()) {
    const { state } = visit
    if (survives(state) && !wrong.has('survives')) wrong.set('survives', pathOf(visit))
    if (without && wrong.size) break
    for (const { label, next, wrong: said } of stepsOf(state, rules)) {
      const further: Visit = { state: next, label, before: visit }
      if (said !== undefined && !wrong.has(said)) wrong.set(said, pathOf(further))
      const name = nameOf(next)
      if (visitedKeys.has(name)) continue
      visitedKeys.add(name)
      stack.push(further)
    }
  }
  return { states: visitedKeys.size, wrong }
}

interface Visit {
  readonly state: State
  readonly label: string
  readonly before: Visit | undefined
}

/** What the steps of one exploration have in common. */
interface Rules {
  readonly without: Rule | undefined
  readonly faults: number
  readonly dangling: boolean
}

function pathOf(visit: Visit): string[] {
  const path: string[] = []
  for (let step: Visit | undefined = visit; step?.before; step = step.before) path.unshift(step.label)
  return path
}

function start(writers: readonly Writer[], readers: number, warm: boolean): State {
  const tag = (nonce: number): Tag => ({ nonce, marks: [] })
  return {
    db: 0,
    acked: 0,
    nonces: 10,
    faults: 0,
    record: warm ? { list: tag(1), key: tag(2) } : undefined,
    cell: warm ? tag(3) : undefined,
    entry: undefined,
    writers: writers.map((kind) => ({ kind, at: 'idle', wrote: 0 })),
    readers: Array.from({ length: readers }, () => ({
      at: 'idle',
      floor: 0,
      acked: 0,
      value: 0,
      list: undefined,
      key: undefined,
      cell: undefined,
      covered: false,
    })),
  }
}

/** Everybody is done, and an entry that is behind the database would still be served. */
function survives(state: State): boolean {
  const { entry, record, cell, db } = state
  const quiet = state.writers.every(({ at }) => at === 'done' || at === 'dead')
  if (!quiet || !entry || entry.value === db || !state.readers.every(({ at }) => at === 'done')) return false
  if ([record?.list, record?.key, cell].some((tag) => tag?.marks.length)) return false
  if (entry.list !== undefined && record?.list.nonce !== entry.list) return false
  return record?.key?.nonce === entry.key && (entry.cell === undefined || cell?.nonce === entry.cell)
}

function stepsOf(state: State, rules: Rules): Step[] {
  const { faults } = rules
  const steps: Step[] = []
  const go = (label: string, act: (next: State) => string | undefined): void => {
    const next = copyOf(state)
    const said = act(next)
    steps.push(said === undefined ? { label, next } : { label, next, wrong: said })
  }
  for (const index of state.writers.keys()) writerSteps(state, index, rules, go)
  for (const index of state.readers.keys()) readerSteps(state, index, rules, go)
  if (state.faults < faults) {
    const { record, cell } = state
    if (isClean(record?.list) && !record?.key?.marks.length)
      go('the record is evicted', (next) => lose(next, 'record'))
    if (isClean(cell)) go('the cell is evicted', (next) => lose(next, 'cell'))
  }
  return steps
}

function copyOfTag({ nonce, marks }: Tag): Tag {
  return { nonce, marks: [...marks] }
}

function copyOf(state: State): State {
  const { record, cell, entry, writers, readers } = state
  return {
    ...state,
    record: record && { list: copyOfTag(record.list), key: record.key && copyOfTag(record.key) },
    cell: cell && copyOfTag(cell),
    entry: entry && { ...entry },
    writers: writers.map((writer) => ({ ...writer })),
    // What a reader holds of tags it never changes.
    readers: readers.map((reader) => ({ ...reader })),
  }
}

type Go = (label: string, act: (next: State) => string | undefined) => void

function lose(next: State, what: 'record' | 'cell'): undefined {
  next[what] = undefined
  next.faults++
}

const fresh = (state: State): Tag => ({ nonce: ++state.nonces, marks: [] })

function recordOf(state: State): { list: Tag; key: Tag | undefined } {
  state.record ??= { list: fresh(state), key: undefined }
  return state.record
}

/** A field is born with the live marks of `list`. */
function keyOf(state: State): Tag {
  const record = recordOf(state)
  record.key ??= { nonce: ++state.nonces, marks: [...record.list.marks] }
  return record.key
}

function writerSteps(state: State, index: number, { faults, dangling }: Rules, go: Go): void {
  const { kind, at } = state.writers[index] as WriterState
  const token = `w${index}`
  const me = (next: State): WriterState => next.writers[index] as WriterState
  const say = (what: string): string => `${token} (${kind}) ${what}`
  const live = at !== 'done' && at !== 'dead'
  if (at === 'idle')
    go(say('marks'), (next) => {
      mark(next, kind, token)
      me(next).at = 'marked'
      return undefined
    })
  if (at === 'marked')
    go(say('commits'), (next) => {
      // An update of a row that is not there changes nothing.
      const missing = dangling && next.db === 0 && kind !== 'insert'
      me(next).wrote = missing ? 0 : ++next.db
      me(next).at = 'committed'
      return undefined
    })
  if (at === 'committed')
    go(say('returns'), (next) => {
      next.acked = Math.max(next.acked, me(next).wrote)
      me(next).at = 'returned'
      return undefined
    })
  // One script, or in a cluster that is moving keys two commands: the cell first.
  if (at === 'returned')
    go(say('bumps the cell'), (next) => {
      if (kind === 'value-in-filter' || kind === 'value-in-result') finishCell(next, token)
      me(next).at = 'finished'
      return undefined
    })
  if (at === 'finished')
    go(say('finishes the record'), (next) => {
      finishRecord(next, kind, token)
      me(next).at = 'done'
      return undefined
    })
  if (live && at !== 'idle' && state.faults < faults)
    go(say('dies'), (next) => {
      me(next).at = 'dead'
      next.faults++
      return undefined
    })
  if (at === 'dead') expiries(state, token, go)
}

function mark(state: State, kind: Writer, token: string): void {
  const record = recordOf(state)
  record.list.marks.push(token)
  if (kind === 'value-in-filter') {
    state.cell ??= fresh(state)
    state.cell.marks.push(token)
  } else if (kind === 'key-undeclared') {
    if (record.key && !record.key.marks.includes(token)) record.key.marks.push(token)
  } else if (kind !== 'insert' && !keyOf(state).marks.includes(token)) keyOf(state).marks.push(token)
}

function unmark(tag: Tag, token: string): boolean {
  const hadMark = tag.marks.includes(token)
  tag.marks = tag.marks.filter((mark) => mark !== token)
  return hadMark
}

function finishCell(state: State, token: string): void {
  const { cell } = state
  if (!cell) return
  unmark(cell, token)
  cell.nonce = ++state.nonces
  if (!cell.marks.length) state.cell = undefined
}

function finishRecord(state: State, kind: Writer, token: string): void {
  const { record } = state
  if (!record) return
  unmark(record.list, token)
  record.list.nonce = ++state.nonces
  if (!record.key) return
  const hadMark = unmark(record.key, token)
  const keepsKey = kind === 'value-in-filter' || kind === 'insert' || (kind === 'value-in-result' && hadMark)
  if (!keepsKey) record.key.nonce = ++state.nonces
}

/** The last mark on a key expires the key; of several, one that goes leaves a new nonce. */
function expiries(state: State, token: string, go: Go): void {
  const { record, cell } = state
  const marks = [...(record?.list.marks ?? []), ...(record?.key?.marks ?? [])]
  if (marks.includes(token))
    go(`the mark of ${token} on the record expires`, (next) => {
      if (!next.record || marks.every((mark) => mark === token)) next.record = undefined
      else
        for (const tag of [next.record.list, next.record.key])
          if (tag && unmark(tag, token)) tag.nonce = ++next.nonces
      return undefined
    })
  if (cell?.marks.includes(token))
    go(`the mark of ${token} on the cell expires`, (next) => {
      if (cell.marks.length === 1 || !next.cell) next.cell = undefined
      else {
        unmark(next.cell, token)
        next.cell.nonce = ++next.nonces
      }
      return undefined
    })
}

const isClean = (tag: Tag | undefined): tag is Tag => tag !== undefined && !tag.marks.length

function readerSteps(state: State, index: number, { without, dangling }: Rules, go: Go): void {
  const { at, value } = state.readers[index] as ReaderState
  const step = (what: string, act: (next: State, me: ReaderState) => string | undefined): void =>
    go(`r${index} ${what}`, (next) => act(next, next.readers[index] as ReaderState))
  const look = (next: State, me: ReaderState): void => {
    me.list = next.record && copyOfTag(next.record.list)
    me.key = next.record?.key && copyOfTag(next.record.key)
  }
  const cellFirst = without === 'record-first'
  if (at === 'idle')
    step('begins, and looks', (next, me) => {
      me.floor = next.db
      me.acked = next.acked
      if (cellFirst) me.cell = next.cell && copyOfTag(next.cell)
      else look(next, me)
      me.at = 'both'
      return undefined
    })
  if (at === 'both')
    step('looks at the other', (next, me) => {
      if (cellFirst) look(next, me)
      else me.cell = next.cell && copyOfTag(next.cell)
      return checkRead(next, me, without)
    })
  if (at === 'miss')
    step('seeds the record', (next, me) => {
      keyOf(next)
      look(next, me)
      me.at = isClean(me.key) ? 'seeded' : 'done'
      return undefined
    })
  if (at === 'seeded')
    step('loads', (next, me) => {
      me.value = next.db
      me.at = 'loaded'
      return undefined
    })
  if (at === 'loaded' && dangling && value === 0) fillWithoutRow(without, step)
  else if (at === 'loaded' || at === 'list seen' || at === 'covered') fillSteps(at, without, step)
}

/** The entry is read at the same instant, which is the latest it can be. */
function checkRead(next: State, me: ReaderState, without: Rule | undefined): string | undefined {
  const { entry } = next
  const same = isClean(me.key) && entry?.key === me.key.nonce
  const shown = entry?.cell !== undefined
  const cell =
    without === 'cell-compared' ||
    (shown ? isClean(me.cell) && entry.cell === me.cell.nonce : sameList(entry, me))
  if (!entry || !same || !cell) {
    me.at = me.key && !isClean(me.key) ? 'done' : 'miss'
    return undefined
  }
  me.at = 'done'
  if (entry.value < me.acked) return 'stale after the write returned'
  return entry.value < me.floor ? 'stale between COMMIT and return' : undefined
}

function sameList(entry: State['entry'], { list }: ReaderState): boolean {
  return entry?.list === undefined || (isClean(list) && entry.list === list.nonce)
}

type ReaderStep = (what: string, act: (next: State, me: ReaderState) => string | undefined) => void

/** After the SQL that found no row: there is no cell to seed, and what would show the row is a write of `list`. */
function fillWithoutRow(without: Rule | undefined, step: ReaderStep): void {
  const needed = without !== 'list-unless-shown'
  step('stores what shows no row', (next, me) => {
    if (me.key && (!needed || isClean(me.list)))
      next.entry = { value: 0, key: me.key.nonce, cell: undefined, list: needed ? me.list?.nonce : undefined }
    me.at = 'done'
    return undefined
  })
}

/** After the SQL: the cell is seeded, `list` is looked at again by the same script, and the entry is stored. */
function fillSteps(at: ReaderState['at'], without: Rule | undefined, step: ReaderStep): void {
  const seedCell = (next: State, me: ReaderState): void => {
    next.cell ??= fresh(next)
    me.cell = copyOfTag(next.cell)
  }
  const cover = (next: State, me: ReaderState): void => {
    const list = next.record?.list
    const unchanged = list?.nonce === me.list?.nonce && next.record?.key?.nonce === me.key?.nonce
    const clean = without === 'list-clean' || (isClean(list) && isClean(me.list))
    me.covered = without === 'covered-by-list' || (unchanged && clean)
  }
  const apart = without === 'list-with-seeding'
  if (at === 'loaded')
    step(apart ? 'looks at list' : 'seeds the cell and looks at list', (next, me) => {
      if (!apart) seedCell(next, me)
      cover(next, me)
      me.at = apart ? 'list seen' : 'covered'
      return undefined
    })
  if (at === 'list seen')
    step('seeds the cell', (next, me) => {
      seedCell(next, me)
      me.at = 'covered'
      return undefined
    })
  if (at === 'covered')
    step('stores', (next, me) => {
      if (without === 'nonce-of-seeding') me.cell = next.cell && copyOfTag(next.cell)
      if (me.covered && isClean(me.cell) && me.key)
        next.entry = { value: me.value, key: me.key.nonce, cell: me.cell.nonce, list: undefined }
      me.at = 'done'
      return undefined
    })
}

/** The same state under other nonces, or with its readers in another order, is the same state. */
function nameOf(state: State): string {
  const numbers = new Map<number, number>()
  const number = (nonce: number): number => {
    const number = numbers.get(nonce)
    if (number !== undefined) return number
    numbers.set(nonce, numbers.size)
    return numbers.size - 1
  }
  const numberOrNone = (nonce: number | undefined): number | '-' =>
    nonce === undefined ? '-' : number(nonce)
  const tag = (tag: Tag | undefined): string =>
    tag ? `${number(tag.nonce)}${tag.marks.sort().join('')}` : '-'
  const { record, cell, entry } = state
  const shared = `${state.db} ${state.acked} ${state.faults} ${tag(record?.list)} ${tag(record?.key)} ${tag(cell)} ${
    entry
      ? `${entry.value} ${number(entry.key)} ${numberOrNone(entry.cell)} ${numberOrNone(entry.list)}`
      : '-'
  } ${state.writers.map((writer) => `${writer.at}${writer.wrote}`).join()}`
  const readers = state.readers.map((reader) => {
    if (reader.at === 'done') return 'done'
    return `${reader.at} ${reader.floor} ${reader.acked} ${reader.value} ${tag(reader.list)} ${tag(reader.key)} ${tag(reader.cell)} ${reader.covered}`
  })
  return `${shared} | ${readers.join(' | ')}`
}
