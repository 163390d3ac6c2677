import type { PolicyOptions } from '@larder/core'
import type { Change, Engine, ReadPlan, WritePlan } from '@larder/core/host'
import { settled, sized } from '@larder/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simulatedProcess } from '../support/simulated-process.ts'

// A database that answers later and one that answers at once have a pipeline each. Random programs run through both, one
// statement at a time: results, reports and events must be the same, so that neither can drift away from the other.

type Planned = Omit<ReadPlan<unknown>, 'run'>
type Read = Planned & { run(): unknown }
type Write = Omit<WritePlan<unknown>, 'run'> & { run(): unknown }

interface Driver {
  read(plan: Read): unknown
  write(plan: Write): unknown
}

const drivers: Readonly<Record<'later' | 'sync', (engine: Engine) => Driver>> = {
  later: (engine) => ({
    read: (plan) => engine.read({ ...plan, run: async () => plan.run() }),
    write: (plan) => engine.write({ ...plan, run: async () => plan.run() }),
  }),
  sync: (engine) => ({
    read: (plan) => engine.sync.read(plan),
    write: (plan) => engine.sync.write(plan, false),
  }),
}

class Unreachable extends Error {}

const HOUR: PolicyOptions = { ttl: '1h' }

/** How a read differs from one that is cached and hit. */
const forms: Readonly<Record<string, { readonly policy?: PolicyOptions; readonly plan?: Partial<Planned> }>> =
  {
    plain: {},
    'not accepted': { plan: { accepts: () => false } },
    'judgement fails': {
      plan: {
        accepts: () => {
          throw new Error('no judgement')
        },
      },
    },
    'arguments that cannot be encoded': { plan: { query: [() => {}] } },
    'strict arguments that cannot be encoded': { plan: { query: [() => {}], strict: true } },
    'a lock': { plan: { bypass: 'lock' } },
    'another operation': { policy: { ttl: '1h', operations: ['other'] } },
    'several statements': { plan: { severalStatements: true } },
    'by the table': { plan: { occurrences: [{ table: 'item' }] } },
    'not empty': { policy: { ttl: '1h', cacheEmpty: false } },
    'write around': { policy: { ttl: '1h', write: 'around' } },
    'stale while revalidate': { policy: { ttl: '1h', staleWhileRevalidate: '1h' } },
    'stale if error': { policy: { ttl: '1h', staleIfError: '2h' } },
    'up to an age': { policy: { ttl: '1h', maxStaleness: '40m' } },
    tagged: { policy: { ttl: '1h', tags: ['front'] } },
  }

/** What a row holds. The function cannot be encoded, and the text is larger than an entry may be. */
const values: Readonly<Record<string, unknown>> = {
  text: { text: 'a' },
  large: { text: 'x'.repeat(5_000) },
  function: { call: () => {} },
  nothing: undefined,
}

interface Step {
  readonly kind:
    | 'read'
    | 'strict read'
    | 'lost read'
    | 'write'
    | 'failed write'
    | 'lost write'
    | 'raw write'
    | 'invalidate'
    | 'wait'
  readonly id: number
  readonly form: string
  readonly value: string
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind'][]>(
    ...(['read', 'read', 'read', 'strict read', 'lost read', 'write', 'failed write', 'lost write'] as const),
    ...(['raw write', 'invalidate', 'wait'] as const),
  ),
  id: fc.integer({ min: 1, max: 2 }),
  form: fc.constantFrom(...Object.keys(forms)),
  value: fc.constantFrom(...Object.keys(values)),
})

/** Runs a program and returns all that can be seen of it. */
async function observe(kind: keyof typeof drivers, steps: readonly Step[]): Promise<readonly unknown[]> {
  const { cache, engine, clock } = simulatedProcess({ maxValueBytes: 4_000, random: () => 0 })
  const driver = drivers[kind](engine)
  const rows = new Map<number, unknown>([[1, { text: 'first' }]])
  const log: unknown[] = []
  cache.on('write', ({ operation, tables, outcome }) => log.push({ operation, tables, outcome }))
  cache.on('codec-error', ({ operation }) => log.push({ operation, codec: 'failed' }))
  cache.on('warning', ({ code }) => log.push({ code }))
  const policies = new Map(
    Object.entries(forms).map(([name, { policy = HOUR }]) => [
      name,
      engine.policy({ jitter: 0, ...policy }, name),
    ]),
  )
  const read = (step: Step): unknown => {
    const { plan = {} } = forms[step.form] ?? {}
    return driver.read({
      operation: 'item.byId',
      model: 'item',
      policy: policies.get(step.form),
      query: [step.id],
      occurrences: [{ table: 'item', pins: { id: [step.id] }, rows: (row) => (row === undefined ? 0 : 1) }],
      severalStatements: false,
      ...(step.kind === 'strict read' && { strict: true }),
      ...plan,
      unreachable: (error) => error instanceof Unreachable,
      run() {
        if (step.kind === 'lost read') throw new Unreachable('no answer')
        return rows.get(step.id)
      },
    })
  }
  const write = (step: Step): unknown => {
    const change: Change = { table: 'item', effect: 'update', before: { id: [step.id] }, sets: { text: 0 } }
    return driver.write({
      operation: 'item.set',
      model: step.kind === 'raw write' ? undefined : 'item',
      changes: [change],
      returned: () => [{ id: step.id }],
      failed: () => step.kind === 'failed write',
      run() {
        if (step.kind === 'failed write') throw new Error('refused')
        rows.set(step.id, values[step.value])
        if (step.kind === 'lost write') throw new Error('the answer was lost')
        return 1
      },
    })
  }
  for (const step of steps) {
    const { reads } = await cache.explain(async () => {
      try {
        if (step.kind === 'invalidate') await cache.invalidate({ tags: ['front'] })
        // A lost answer keeps its marks for a minute where the database answers later.
        else if (step.kind === 'wait') await clock.advance(step.id * 1_900_000)
        else log.push(await (step.kind.endsWith('read') ? read(step) : write(step)))
      } catch (error) {
        log.push(String(error))
      }
    })
    log.push(...reads)
    // Entries are stored a moment after the caller has its result.
    await settled()
    if (step.kind === 'lost write') await clock.advance(61_000)
    // Only what was marked before gets new nonces although nothing was written.
    if (step.kind === 'failed write')
      await cache.invalidate({ rows: [{ table: 'item', key: { id: step.id } }] })
  }
  const { reads, hits, misses, bypasses, stale } = cache.stats()
  await cache.close()
  return [...log, { reads, hits, misses, bypasses, stale }]
}

/** An entry that expires, and reads of it that may be served what has expired. */
const EXAMPLES = ['stale while revalidate', 'stale if error', 'up to an age'].map((form): [Step[]] => {
  const of = (kind: Step['kind'], id = 1): Step => ({ kind, id, form, value: 'text' })
  return [[of('read'), of('read'), of('wait', 2), of('lost read'), of('read'), of('write'), of('read')]]
})

const RUNS = sized(120, 2_000)

describe('an async and a sync driver', () => {
  it('give the same results, reports and events for every program', async () => {
    const outcomes = new Set<unknown>()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const later = await observe('later', steps)
        expect(await observe('sync', steps)).toStrictEqual(later)
        for (const entry of later as readonly { source?: string; reason?: string; outcome?: string }[])
          for (const word of [entry?.source, entry?.reason, entry?.outcome]) outcomes.add(word)
      }),
      { numRuns: RUNS, examples: EXAMPLES },
    )
    // Programs that only ever missed would show nothing.
    const all =
      'memory stale miss invalidated expired opaque too-large lock disabled committed failed unknown'
    expect(all.split(' ').filter((word) => !outcomes.has(word))).toStrictEqual([])
  })
})
