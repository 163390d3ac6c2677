import fc from 'fast-check'
import { expect, it } from 'vitest'
import { expiryOf, remainingOf, stamped, storedEntry } from '../../src/tags/stamped.ts'
import { type ClockOffset, narrowed, offsetIn } from '../../src/topology/server-clock.ts'

/** A server and a process, by one real time. The process never sees the server's clock but by checks. */
interface Setting {
  /** What the server's clock shows at real time 0, and what the clock of each process does. */
  readonly server: number
  readonly processes: readonly number[]
  /** How long each check takes to the server and back. */
  readonly trips: readonly (readonly [there: number, back: number])[]
  readonly lifetime: number
}

const setting: fc.Arbitrary<Setting> = fc.record({
  server: fc.integer({ min: 1e12, max: 2e12 }),
  processes: fc.tuple(fc.integer({ max: 1e9 }), fc.integer({ max: 1e9 })),
  trips: fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 900 })), {
    minLength: 2,
    maxLength: 8,
  }),
  lifetime: fc.integer({ min: 1, max: 10_000 }),
})

const SECOND = 1_000

/** The offset that a process knows after a check each second, and the real time of the last reply. */
function checked(
  { server, trips }: Setting,
  process: number,
  stepped: (real: number) => number = () => 0,
): { offset: ClockOffset; at: number } {
  let offset: ClockOffset | undefined
  let at = 0
  for (const [index, [there, back]] of trips.entries()) {
    const sent = index * SECOND
    at = sent + there + back
    const time = server + sent + there + stepped(sent + there)
    const reply = [Buffer.from(String(Math.floor(time / 1_000))), Buffer.from(String((time % 1_000) * 1_000))]
    offset = narrowed(offset, offsetIn(reply, process + sent, process + at))
  }
  return { offset: offset as ClockOffset, at }
}

type Rules = Pick<typeof RULES, 'expiryOf' | 'remainingOf'>
const RULES = { expiryOf, remainingOf }

/** For how long after it was stored the second process takes the entry of the first one for fresh. */
function life(one: Setting, { expiryOf: expiry, remainingOf: remaining }: Rules): number {
  const [writer = 0, reader = 0] = one.processes
  const stored = checked(one, writer)
  const expires = expiry(one.lifetime, stored.offset, writer + stored.at)
  const read = checked({ ...one, trips: one.trips.toReversed() }, reader)
  const at = Math.max(stored.at, read.at)
  return at - stored.at + remaining(expires, read.offset, reader + at)
}

it('no entry outlives its lifetime, whatever the clocks show and however long the checks take', () => {
  fc.assert(
    fc.property(setting, (one) => {
      expect(life(one, RULES)).toBeLessThanOrEqual(one.lifetime)
    }),
  )
})

it('a check that takes a moment costs an entry two such moments at most', () => {
  fc.assert(
    fc.property(setting, (one) => {
      const quick = { ...one, trips: one.trips.map(([there, back]) => [there % 5, back % 5] as const) }
      expect(life(quick, RULES)).toBeGreaterThan(one.lifetime - 20)
    }),
  )
})

it.each<[string, Rules]>([
  [
    'the other end of what the writer knows',
    { ...RULES, expiryOf: (l, o, now) => expiryOf(l, swapped(o), now) },
  ],
  [
    'the other end of what the reader knows',
    { ...RULES, remainingOf: (e, o, now) => remainingOf(e, swapped(o), now) },
  ],
])('with %s, an entry would outlive its lifetime', (_, rules) => {
  const outlives = (one: Setting): boolean => life(one, rules) > one.lifetime
  expect(fc.sample(setting, { numRuns: 500, seed: 7 }).some(outlives)).toBe(true)
})

const swapped = ({ least, most }: ClockOffset): ClockOffset => ({ least: most, most: least })

it('a server clock that was set is believed at the next check', () => {
  fc.assert(
    fc.property(setting, fc.integer({ min: 2_000, max: 1e9 }), fc.boolean(), (one, by, back) => {
      const set = back ? -by : by
      const last = (one.trips.length - 1) * SECOND
      const [process = 0] = one.processes
      const { offset } = checked(one, process, (real) => (real >= last ? set : 0))
      const truth = one.server - process + set
      expect(offset.least).toBeLessThanOrEqual(truth)
      expect(offset.most).toBeGreaterThanOrEqual(truth)
    }),
  )
})

it('a value comes back with its bytes; what has no stamp is returned whole, as expired', () => {
  const offset = { least: 1.5e12, most: 1.5e12 }
  const entry = storedEntry(stamped(Uint8Array.of(1, 2, 3), 60_000, offset), offset, performance.now())
  expect([...entry.bytes]).toEqual([1, 2, 3])
  expect(entry.remaining).toBeGreaterThan(50_000)
  expect(entry.remaining).toBeLessThanOrEqual(60_000)
  for (const text of ['', 'L', 'LRD and an entry without a stamp', 'x'.repeat(100)])
    expect(storedEntry(Buffer.from(text), offset, 0)).toEqual({ bytes: Buffer.from(text), remaining: 0 })
})

it('an entry may have the longest ttl that there is', () => {
  const offset = { least: 1.8e12, most: 1.8e12 }
  const value = stamped(Uint8Array.of(1), 2 * Number.MAX_SAFE_INTEGER, offset)
  expect(storedEntry(value, offset, performance.now()).remaining).toBeGreaterThan(2e14)
})

it('a server that does not tell its time is no usable server', () => {
  expect(() => offsetIn(new Error('NOPERM'), 0, 1)).toThrow('NOPERM')
  for (const reply of [null, 7, [], [Buffer.from('x'), Buffer.from('1')]])
    expect(() => offsetIn(reply, 0, 1)).toThrow('does not tell its time')
})
