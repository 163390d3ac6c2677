import { type Base, compare } from '../compare.ts'
import type { Context } from '../context.ts'
import { takeTurns } from '../rounds.ts'
import { drive } from '../valkey/drive.ts'

/** What a busy service has under way at once, over the keys that it reads most. */
const MANY = { inFlight: 64, requests: 3_200, keys: 500 } as const
const ROUNDS = { warmUp: 4, measured: 20 } as const

/** One way to read a row by its id. */
export interface RowReader {
  readonly name: string
  read(id: number): Promise<unknown>
}

/** Hits through an ORM with many in flight: there the processor decides, not the round trip. Takes too long for a quick run. */
export async function benchManyHits(
  { quick, show }: Context,
  host: string,
  readers: readonly RowReader[],
  bases: readonly Base[],
): Promise<void> {
  if (quick) return
  const cases = readers.map(({ name, read }) => ({
    name,
    round: async () => (await drive((id) => read(id + 1), MANY)) / MANY.requests,
  }))
  await takeTurns(cases, ROUNDS.warmUp)
  const timed = await takeTurns(cases, ROUNDS.measured)
  show({
    id: 'many',
    title: `${host} on PostgreSQL and Valkey: hits by key, ${MANY.inFlight} in flight`,
    note: `Time for one: that of ${MANY.requests} over ${MANY.keys} keys, divided.`,
    ...compare(timed, bases),
  })
}
