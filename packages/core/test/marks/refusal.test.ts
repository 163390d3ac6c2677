import { CacheError } from '@larder/core'
import type { Outcome, Transaction } from '@larder/core/host'
import type { Store } from '@larder/core/store'
import { type FaultyStore, faultyStore, settled } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'

/** A process whose policy of `item` keeps writes from going unmarked; `partly` marks notes only. */
function rejecting(partly = false) {
  let store: FaultyStore | undefined
  const here = simulatedProcess({
    wrapStore: (inner) => {
      store = faultyStore(inner)
      const faulty = store
      const mark: Store['mark'] = async (request) => {
        if (request.record.includes('item')) throw new Error('simulated: not marked')
        await faulty.mark(request)
      }
      return partly ? { ...faulty, mark } : faulty
    },
  })
  here.engine.policy({ ttl: 1_000, onMarkFailure: 'reject' }, 'models.Item', { table: 'Item' })
  let written = 0
  const put = (scope?: Transaction, which = writes.touch(1)) =>
    here.put(
      which,
      async (mutation) => {
        written++
        return here.database.write(mutation)
      },
      scope,
    )
  return { ...here, put, store: store as FaultyStore, written: () => written }
}

const note = writes.touch(1, 'note')

async function refused(run: Promise<unknown>): Promise<void> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(CacheError)
  expect(error).toMatchObject({
    code: 'LARDER_MARK_FAILED',
    message: expect.stringMatching(/'reject' for item\..*set onMarkFailure: 'proceed'/),
    cause: expect.objectContaining({ message: expect.stringContaining('simulated') }),
  })
}

it('a write is refused before its statement runs, is reported as failed, and changes nothing', async () => {
  const { put, store, cache, written, get, clock } = rejecting()
  const events: Outcome[] = []
  cache.on('write', ({ outcome }) => events.push(outcome))
  await get(reads.byId(1))
  store.fail('rejects', 'mark')
  await refused(put())
  expect([written(), events]).toEqual([0, ['failed']])
  await put(undefined, note)
  expect(written()).toBe(1)
  // Its finish went through: nothing is left to be sent, and nothing is dirty.
  await clock.advance(100)
  await get(reads.byId(1))
  expect((await get(reads.byId(1))).source).toBe('store')
})

it('a write to a table without this policy proceeds, and reads of the table bypass the cache meanwhile', async () => {
  const { put, store, get } = rejecting()
  store.fail('rejects')
  await put(undefined, note)
  expect(await get(reads.joined(1))).toMatchObject({ reason: 'dirty' })
})

it('a write waits at most two seconds for a hanging store', async () => {
  const { put, store, clock, written } = rejecting()
  store.fail('hangs', 'mark')
  const run = put().catch((error: CacheError) => error.message)
  await clock.advance(2_100)
  expect(await run).toContain('nothing was written')
  expect(written()).toBe(0)
})

describe('in a transaction', () => {
  it('the statements run, and every seal() is refused', async () => {
    const { put, store, engine, written, cache } = rejecting()
    const events: Outcome[] = []
    cache.on('write', ({ outcome }) => events.push(outcome))
    store.fail('rejects')
    const scope = engine.transaction('late')
    await put(scope)
    expect(written()).toBe(1)
    await refused(scope.seal())
    await refused(scope.seal())
    expect(scope.refusal?.code).toBe('LARDER_MARK_FAILED')
    await scope.end('failed')
    expect(events).toEqual(['failed'])
  })

  it('with early marks, each statement is refused separately, and the transaction can continue', async () => {
    const { put, engine, written, get, clock } = rejecting(true)
    const scope = engine.transaction('early')
    await refused(put(scope))
    await put(scope, note)
    expect(written()).toBe(1)
    await scope.end('committed')
    await clock.advance(100)
    expect((await get(reads.joined(1))).reason).not.toBe('dirty')
  })

  it('marks that were set are removed, including those of statements that were never sent', async () => {
    const { engine, get, put, clock } = rejecting(true)
    const readState = async () => {
      await clock.advance(100)
      return (await get(reads.joined(1))).reason
    }
    const late = engine.transaction('late')
    await put(late, note)
    await put(late)
    await refused(late.seal())
    await late.end('failed')
    expect(await readState()).not.toBe('dirty')
    const early = engine.transaction('early')
    void early.write([
      { table: 'note', record: '{larder:main:note}', known: [], unknown: new Set(), cells: new Set() },
    ])
    await refused(put(early))
    expect(await readState()).toBe('dirty')
    early.discardStatements()
    await early.end('failed')
    expect(await readState()).not.toBe('dirty')
  })

  it('a seal() after COMMIT sends its marks and refuses nothing', async () => {
    const { put, store, engine } = rejecting()
    store.fail('rejects')
    const scope = engine.transaction('late')
    await put(scope)
    await scope.end('committed')
  })

  it('a nested scope that merges into a sealed one is never refused, because its statements have run', async () => {
    const { put, store, engine, get } = rejecting()
    store.fail('rejects', 'mark')
    const parent = engine.transaction('early')
    const scope = engine.transaction('late')
    await put(scope)
    await scope.mergeInto(parent)
    await parent.end('committed')
    expect((await get(reads.byId(1))).result?.v).toBe(1_001)
  })

  it('an invalidation in a transaction is applied and never refused', async () => {
    const { store, engine } = rejecting()
    store.fail('rejects')
    const scope = engine.transaction('early')
    await engine.invalidate({ tables: ['item'] }, scope)
    await scope.end('committed')
  })
})

describe("finish: 'await'", () => {
  function awaiting(finish: 'await' | 'background') {
    let store: FaultyStore | undefined
    const here = simulatedProcess({
      finish,
      wrapStore: (inner) => {
        store = faultyStore(inner)
        return store
      },
    })
    return { ...here, store: store as FaultyStore }
  }

  it('a write returns once its finish is acknowledged, and without the option before', async () => {
    for (const finish of ['await', 'background'] as const) {
      const { put, store, clock } = awaiting(finish)
      store.fail('hangs', 'finish')
      let returned = false
      const writing = put(writes.touch(1)).then(() => {
        returned = true
      })
      await settled()
      expect([finish, returned]).toEqual([finish, finish === 'background'])
      // Two seconds are the most; what was not acknowledged by then is in the journal.
      await clock.advance(1_999)
      expect(returned).toBe(finish === 'background')
      await clock.advance(1)
      expect(returned).toBe(true)
      await writing
    }
  })

  it('a transaction returns once its finish is acknowledged, even if it failed', async () => {
    for (const outcome of ['committed', 'failed'] as const) {
      const { put, store, clock, engine, get } = awaiting('await')
      await get(reads.byId(1))
      const scope = engine.transaction('early')
      await put(writes.touch(1), undefined, scope)
      store.fail('hangs', 'finish')
      let ended = false
      const ending = scope.end(outcome).then(() => {
        ended = true
      })
      await settled()
      await clock.advance(1_999)
      expect(ended).toBe(false)
      await clock.advance(1)
      await ending
      expect((await get(reads.byId(1))).reason).toBe('dirty')
      store.fail('works')
      await clock.advance(2_000)
      expect((await get(reads.byId(1))).reason).not.toBe('dirty')
    }
  })

  it('another process sees the new rows from the moment the write returns', async () => {
    const here = awaiting('await')
    const other = simulatedProcess({ sharedWith: here, wrapStore: (inner) => faultyStore(inner) })
    for (let time = 0; time < 2; time++) await other.get(reads.byId(1))
    await here.put(writes.touch(1))
    // Neither old nor dirty: everything that belongs to the write is over.
    expect(await other.get(reads.byId(1))).toMatchObject({ reason: 'invalidated', result: { v: 1_001 } })
  })

  it('invalidate() returns once it is acknowledged or recorded in the journal', async () => {
    const { cache, store, clock, get } = awaiting('background')
    await get(reads.byId(1))
    store.fail('hangs', 'finish', 'invalidateAll')
    for (const request of [{ tables: ['item'] }, { all: true }] as const) {
      let returned = false
      const invalidating = cache.invalidate(request).then(() => {
        returned = true
      })
      await settled()
      await clock.advance(1_999)
      expect(returned).toBe(false)
      await clock.advance(1)
      await invalidating
      expect((await get(reads.byId(1))).reason).toBe('dirty')
    }
  })
})
