/** A row of either table; `v` is a number no other write ever stored, growing with every change of the row. */
export interface Row {
  readonly id: number
  readonly grp: number
  readonly code: string
  readonly v: number
}

export type TableName = 'item' | 'note'
export type State = Readonly<Record<TableName, ReadonlyMap<number, Row>>>
export type Query<R> = (state: State) => R

/** Changes a table in place and returns the rows it touched, as they are afterwards. */
export type Mutation = (tables: Record<TableName, Map<number, Row>>, next: () => number) => readonly Row[]

/** Statements whose start, execution and return are instants of their own, given by `step`. One writer at a time. */
export interface SimulatedDatabase {
  /** All committed states since the beginning: the last is the current one. */
  readonly states: readonly State[]
  read<R>(query: Query<R>): Promise<R>
  write(mutation: Mutation): Promise<readonly Row[]>
  begin(): SimulatedTransaction
}

export interface SimulatedTransaction {
  read<R>(query: Query<R>): Promise<R>
  write(mutation: Mutation): Promise<readonly Row[]>
  /** Resolves some time after the commit happened. */
  commit(): Promise<void>
  rollback(): Promise<void>
}

export function simulatedDatabase(initial: State, step: () => Promise<void>): SimulatedDatabase {
  const states: State[] = [initial]
  const queue: (() => void)[] = []
  let version = 1_000
  let locked = false

  const current = (): State => states.at(-1) ?? initial
  const copy = (): Record<TableName, Map<number, Row>> => ({
    item: new Map(current().item),
    note: new Map(current().note),
  })
  const next = (): number => ++version
  const lock = async (): Promise<void> => {
    if (locked) await new Promise<void>((resolve) => queue.push(resolve))
    locked = true
  }
  const unlock = (): void => {
    const waiter = queue.shift()
    if (waiter) waiter()
    else locked = false
  }
  const read = async <R>(query: Query<R>): Promise<R> => {
    await step()
    const result = structuredClone(query(current()))
    await step()
    return result
  }

  return {
    states,
    read,
    async write(mutation) {
      await step()
      await lock()
      const tables = copy()
      let touched: readonly Row[]
      try {
        touched = mutation(tables, next)
        states.push(tables)
      } finally {
        unlock()
      }
      await step()
      return touched
    },
    begin() {
      let snapshot: Record<TableName, Map<number, Row>> | undefined
      const end = async (commit: boolean): Promise<void> => {
        await step()
        if (snapshot) {
          if (commit) states.push(snapshot)
          snapshot = undefined
          unlock()
        }
        await step()
      }
      return {
        async read(query) {
          if (!snapshot) return read(query)
          await step()
          return structuredClone(query(snapshot))
        },
        async write(mutation) {
          await step()
          if (!snapshot) {
            await lock()
            snapshot = copy()
          }
          const touched = mutation(snapshot, next)
          await step()
          return touched
        },
        commit: () => end(true),
        rollback: () => end(false),
      }
    },
  }
}

/** A database with rows 1…n of both tables, in two groups. */
export function startState(rows: number): State {
  const make = (letter: string): Map<number, Row> =>
    new Map(
      Array.from({ length: rows }, (_, at) => [
        at + 1,
        { id: at + 1, grp: at % 2, code: `${letter}${at + 1}`, v: at + 1 },
      ]),
    )
  return { item: make('c'), note: make('n') }
}
