import { do_not_optimize, measure } from 'mitata'

/** One thing to time. */
export interface Case {
  readonly name: string
  run(): unknown
}

export interface Budget {
  readonly rounds: number
  /** Ms each case gets in each round. */
  readonly slice: number
  /** Rounds thrown away first: in them the compiler is still at work. */
  readonly warmUp: number
}

/** Times of one call in ns, one per round, in the order of the rounds. */
export interface Timed {
  readonly name: string
  readonly times: readonly number[]
}

/** Calls per sample where a single one is too short for the clock: where it takes less than `SHORT`, in ns. */
const BATCH = 128
const SHORT = 10_000

/** Lets the cases take turns, each round beginning with another one, so that no case owns a quiet or a busy moment. */
export async function interleave(cases: readonly Case[], budget: Budget): Promise<readonly Timed[]> {
  const timed = cases.map(({ name }) => ({ name, times: [] as number[] }))
  for (let round = -budget.warmUp; round < budget.rounds; round++) {
    for (const place of cases.keys()) {
      const index = (place + round + budget.warmUp) % cases.length
      const one = cases[index]
      if (!one) continue
      const time = await timeOf(one, budget.slice)
      if (round >= 0) timed[index]?.times.push(time)
    }
  }
  return timed
}

/** The same for cases that take their time: each is run once a round, and says what to note of it. */
export async function takeTurns(
  cases: readonly { readonly name: string; round(): Promise<number> }[],
  rounds: number,
): Promise<readonly Timed[]> {
  const timed = cases.map(({ name }) => ({ name, times: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (const place of cases.keys()) {
      const index = (place + round) % cases.length
      const noted = await cases[index]?.round()
      if (noted !== undefined) timed[index]?.times.push(noted)
    }
  }
  return timed
}

async function timeOf(one: Case, slice: number): Promise<number> {
  const measured = await measure(() => one.run(), OPTIONS(slice))
  return measured.p50
}

const OPTIONS = (slice: number) => ({
  // Without --expose-gc mitata would fill a gigabyte to provoke a collection.
  gc: false,
  min_samples: 3,
  min_cpu_time: slice * 1e6,
  batch_samples: BATCH,
  batch_threshold: SHORT,
})

/** Keeps the compiler from leaving out work whose result nobody reads. */
export const keep: (value: unknown) => void = do_not_optimize
