import { zipf } from '@larder/testing'
import { type Random, seededRandom } from '../random.ts'

export type Operation =
  | { readonly kind: 'read'; readonly id: number }
  /** `by`: cents the repair turned out to cost more. Always above zero, so that no row ever has the same cost twice. */
  | { readonly kind: 'write'; readonly id: number; readonly by: number }

export interface WorkloadOptions {
  /** Ids run from 1 to this. */
  readonly rows: number
  readonly seed: number
  /** 0: all rows alike. Around 1: a few rows get most of the attention. */
  readonly skew: number
  /** Share of the operations that write, 0 to 1. */
  readonly writeShare: number
}

/** An endless sequence of operations, the same for the same options. Writes prefer the rows that reads prefer. */
export function* workload(options: WorkloadOptions): Generator<Operation, never> {
  const random = seededRandom(options.seed)
  const ids = shuffled(options.rows, random)
  const rank = zipf(options.rows, options.skew, random)
  while (true) {
    const id = ids[rank()] ?? 1
    if (random() < options.writeShare) yield { kind: 'write', id, by: 1 + Math.floor(random() * 50_000) }
    else yield { kind: 'read', id }
  }
}

/** Ids in random order: popularity has nothing to do with the place in the file. */
function shuffled(rows: number, random: Random): number[] {
  const order = Array.from({ length: rows }, () => random())
  const ids = Array.from({ length: rows }, (_, index) => index + 1)
  return ids.sort((a, b) => (order[a - 1] ?? 0) - (order[b - 1] ?? 0))
}
