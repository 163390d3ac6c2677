/** One statement of a program, about a `row` and a `value`. */
export interface StatementStep {
  readonly kind: 'statement'
  readonly what:
    | 'select'
    | 'list'
    | 'count'
    | 'relational'
    | 'raw read'
    | 'update'
    | 'insert'
    | 'delete'
    | 'raw update'
    | 'raw insert'
    | 'refused insert'
  readonly row: number
  readonly value: number
  readonly author: number
}

/** The steps of a program. `awaited: false`: the next step does not wait for this one. */
export type Step =
  | (StatementStep & { readonly awaited: boolean })
  | { readonly kind: 'together'; readonly statements: readonly StatementStep[]; readonly awaited: boolean }
  | { readonly kind: 'pause'; readonly milliseconds: number }
  | { readonly kind: 'batch'; readonly statements: readonly StatementStep[] }
  /** BEGIN as a statement. */
  | { readonly kind: 'by hand'; readonly steps: readonly Step[]; readonly end: 'commit' | 'rollback' }
  | {
      readonly kind: 'transaction' | 'savepoint'
      readonly steps: readonly Step[]
      readonly end: 'returns' | 'throws'
      readonly awaited: boolean
    }
  /** A statement that is called on the db inside a transaction. */
  | { readonly kind: 'outside'; readonly statement: StatementStep }

/** The steps that the programs of one driver may contain. */
export interface Abilities {
  readonly batch: boolean
  readonly byHand: boolean
  /** Transactions, and statements outside them, that are not awaited. */
  readonly looseOutside: boolean
  readonly looseTransactions: boolean
  /** Statements on the db while a transaction is open. */
  readonly outside: boolean
  /** For a synchronous driver. */
  readonly sync: boolean
}

type Random = () => number

const READS = ['select', 'list', 'count', 'relational', 'raw read'] as const
const WRITES = ['update', 'insert', 'delete', 'raw update', 'raw insert'] as const

/** Concurrent programs use separate rows. */
export const ROWS_OF_A_PROGRAM = 1_000

/** @param index index of the program. Its author is `index + 1`, its first row `index * 1000 + 1`. */
export function randomProgram(random: Random, abilities: Abilities, index: number): readonly Step[] {
  const first = index * ROWS_OF_A_PROGRAM + 1
  let value = first
  const below = (limit: number): number => Math.floor(random() * limit)
  const chance = (of: number): boolean => random() < of
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T

  const statement = (): StatementStep => ({
    kind: 'statement',
    what: chance(0.4) ? pick(READS) : pick(WRITES),
    row: first + below(4),
    value: value++,
    author: index + 1,
  })
  const statements = (): readonly StatementStep[] => Array.from({ length: 2 + below(3) }, statement)
  const inside = (depth: number): Step => {
    const roll = random()
    if (roll < 0.15) return { kind: 'together', statements: statements(), awaited: chance(0.8) }
    if (roll < 0.25) return { kind: 'pause', milliseconds: below(3) }
    if (roll < 0.32) return { ...statement(), what: 'refused insert', awaited: true }
    if (roll < 0.4 && abilities.outside) return { kind: 'outside', statement: statement() }
    if (roll < 0.55 && depth < 2) return scope('savepoint', depth + 1)
    return { ...statement(), awaited: abilities.sync || chance(0.6) }
  }
  const scope = (kind: 'transaction' | 'savepoint', depth: number): Step => ({
    kind,
    steps: Array.from({ length: 1 + below(5) }, () => inside(depth)),
    end: chance(0.65) ? 'returns' : 'throws',
    awaited: kind === 'savepoint' || !abilities.looseTransactions || chance(0.6),
  })
  const step = (): Step => {
    const roll = random()
    if (roll < 0.35) return scope('transaction', 0)
    if (roll < 0.45 && abilities.looseOutside)
      return { kind: 'together', statements: statements(), awaited: chance(0.6) }
    if (roll < 0.5) return { kind: 'pause', milliseconds: below(3) }
    if (roll < 0.6 && abilities.batch) return { kind: 'batch', statements: statements() }
    if (roll < 0.66 && abilities.byHand) {
      const steps = Array.from({ length: 1 + below(4) }, () => ({ ...statement(), awaited: chance(0.5) }))
      return { kind: 'by hand', steps, end: chance(0.6) ? 'commit' : 'rollback' }
    }
    return { ...statement(), awaited: !abilities.looseOutside || chance(0.5) }
  }
  return Array.from({ length: 4 + below(8) }, step)
}
