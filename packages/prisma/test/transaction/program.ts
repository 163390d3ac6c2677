import { seededRandom } from '../../../testing/src/index.ts'

/** One statement of a program. Each has a number of its own, which it writes. */
export interface Statement {
  readonly kind: 'update' | 'raw' | 'declared' | 'unsafe' | 'find' | 'unique' | 'select'
  readonly number: number
  readonly row: string
}

/** What one flow of a program does next. */
export type Step =
  | { readonly kind: 'await' | 'start'; readonly statement: Statement }
  | { readonly kind: 'together'; readonly statements: readonly Statement[] }
  | { readonly kind: 'nested' | 'transaction'; readonly steps: readonly Step[] }
  | { readonly kind: 'array'; readonly statements: readonly Statement[] }
  | { readonly kind: 'throw' }

/** What the database can do. */
export interface Abilities {
  readonly savepoints: boolean
  /** Whether the order of statements outside transactions means anything. */
  readonly single: boolean
}

const WRITES = ['update', 'raw', 'declared', 'unsafe'] as const
const KINDS = [...WRITES, 'find', 'unique', 'select'] as const

/** A random program: the same for the same seed. */
export function programOf(seed: number, { savepoints, single }: Abilities): readonly Step[] {
  const random = seededRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <T>(of: readonly T[]): T => of[below(of.length)] as T
  let number = seed * 1_000
  const statement = (kinds: readonly Statement['kind'][] = KINDS): Statement => ({
    kind: pick(kinds),
    number: ++number,
    row: pick(['a', 'b']),
  })
  const several = (kinds?: readonly Statement['kind'][]): readonly Statement[] =>
    Array.from({ length: 2 + below(3) }, () => statement(kinds))
  // What is not awaited when the body returns is refused or not, as the timing falls: an awaited statement follows it.
  const settled = (): Step => ({ kind: 'await', statement: statement() })
  const body = (depth: number): readonly Step[] => {
    const steps = Array.from({ length: 1 + below(4) }, (): Step => {
      const roll = random()
      if (roll < 0.25) return { kind: 'await', statement: statement() }
      if (roll < 0.45) return { kind: 'start', statement: statement() }
      if (roll < 0.85 || !savepoints || depth > 1) return { kind: 'together', statements: several() }
      return { kind: 'nested', steps: body(depth + 1) }
    })
    return [...steps, random() < 0.25 ? { kind: 'throw' } : settled()]
  }
  const outside = (): Step => {
    const roll = random()
    if (roll < 0.6) return { kind: 'transaction', steps: body(0) }
    if (roll < 0.8) return { kind: 'array', statements: several() }
    return single
      ? { kind: 'together', statements: several(['update', 'raw', 'unsafe', 'find', 'select']) }
      : { kind: 'await', statement: statement() }
  }
  return Array.from({ length: 2 + below(3) }, outside)
}
