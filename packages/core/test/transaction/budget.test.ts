import type { Transaction } from '@larder/core/host'
import type { Store } from '@larder/core/store'
import { type FaultyStore, faultyStore, settled } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import { type ProcessOptions, simulatedProcess } from '../support/simulated-process.ts'

// What the cache may hold a transaction up, where the store hangs. Time stands still unless it is advanced.

const BUDGET = 100
const readRow1 = reads.byId(1)

function hanging(options: ProcessOptions = {}) {
  let store: FaultyStore | undefined
  const marked: Parameters<Store['mark']>[0][] = []
  const here = simulatedProcess({
    ...options,
    wrapStore: (inner) => {
      store = faultyStore(inner)
      const { mark } = store
      return {
        ...store,
        mark: (request) => {
          marked.push(request)
          return mark(request)
        },
      }
    },
  })
  return { ...here, marked, store: store as FaultyStore }
}
type Here = ReturnType<typeof hanging>

/** Time that passes until `run` is over. */
async function heldUp({ clock }: Here, run: Promise<unknown>, most = 10_000): Promise<number> {
  let over = false
  const ended = run.finally(() => {
    over = true
  })
  ended.catch(() => {})
  await settled()
  for (let time = 0; time <= most; time++) {
    if (over) return time
    await clock.advance(1)
  }
  throw new Error(`not over after ${most} ms`)
}

const begin = ({ engine }: Here): Transaction => engine.transaction('late')

describe('a transaction while the store hangs', () => {
  it('sends its statements without waiting, and waits at most 100 ms for its marks before COMMIT', async () => {
    const here = hanging()
    here.store.fail('hangs')
    const scope = begin(here)
    await here.put(writes.touch(1), undefined, scope)
    await here.put(writes.touch(2), undefined, scope)
    expect(await heldUp(here, scope.seal())).toBe(BUDGET)
    void scope.end('committed')
    expect((await here.get(readRow1)).result?.v).toBe(1_001)
  })

  it('does not wait if its statements took that long, or if the last mark was not answered', async () => {
    const here = hanging()
    here.store.fail('hangs')
    const scope = begin(here)
    await here.put(writes.touch(1), undefined, scope)
    await here.clock.advance(BUDGET)
    expect(await heldUp(here, scope.seal())).toBe(0)
    const next = begin(here)
    await here.put(writes.touch(1, 'note'), undefined, next)
    expect(await heldUp(here, next.seal())).toBe(0)
    expect(here.marked).toHaveLength(2)
  })

  it('waits again once the store has acknowledged any message of a write', async () => {
    const here = hanging()
    here.store.fail('hangs')
    const scope = begin(here)
    await here.put(writes.touch(1), undefined, scope)
    await heldUp(here, scope.seal())
    void scope.end('committed')
    here.store.fail('works')
    // The finish is sent when the mark has failed.
    await here.clock.advance(1_000)
    here.store.fail('hangs')
    const next = begin(here)
    await here.put(writes.touch(1), undefined, next)
    expect(await heldUp(here, next.seal())).toBe(BUDGET)
  })

  it.each([1, 5])(
    'waits at most 100 ms in total if %s statements each wait for their marks',
    async (statements) => {
      const here = hanging()
      here.store.fail('hangs', 'mark')
      const scope = here.engine.transaction('early')
      const all = async () => {
        for (let id = 1; id <= statements; id++) await here.put(writes.touch(id), undefined, scope)
      }
      expect(await heldUp(here, all())).toBe(BUDGET)
    },
  )

  it('shares its waiting time with the transactions nested in it', async () => {
    const here = hanging()
    here.store.fail('hangs', 'mark')
    const { engine, clock, put } = here
    const outer = engine.transaction('early')
    const nested = engine.inside(outer, async () => {
      const first = put(writes.touch(1), undefined, outer)
      await settled()
      await clock.advance(60)
      const inner = engine.transaction('early')
      const second = put(writes.touch(2, 'note'), undefined, inner)
      await clock.advance(39)
      let over = false
      const both = Promise.all([first, second]).then(() => {
        over = true
      })
      await settled()
      expect(over).toBe(false)
      await clock.advance(1)
      await both
    })
    await nested
  })

  it('merges into its parent without waiting for the store if it is nested', async () => {
    const here = hanging()
    const outer = begin(here)
    const inner = begin(here)
    await here.put(writes.touch(1), undefined, inner)
    here.store.fail('hangs')
    expect(await heldUp(here, inner.mergeInto(outer))).toBe(0)
  })

  it('makes reads of its rows bypass the cache until the store has acknowledged the write', async () => {
    const here = hanging()
    await here.get(readRow1)
    here.store.fail('hangs')
    const scope = begin(here)
    await here.put(writes.touch(1), undefined, scope)
    await heldUp(here, scope.seal())
    void scope.end('committed')
    await here.clock.advance(5_000)
    expect(await here.get(readRow1)).toMatchObject({ reason: 'dirty', result: { v: 1_001 } })
    here.store.fail('works')
    await here.clock.advance(2_000)
    for (const reason of ['invalidated', undefined])
      expect(await here.get(readRow1)).toMatchObject({ result: { v: 1_001 }, ...(reason && { reason }) })
    expect((await here.get(readRow1)).source).toBe('store')
  })
})

describe('marks sent while the statements of a transaction run', () => {
  it('are few for a thousand statements on one table, and are sent one at a time', async () => {
    const here = hanging()
    const scope = begin(here)
    for (let id = 1; id <= 1_000; id++) {
      await here.put(writes.touch(1 + (id % 200)), undefined, scope)
      await settled()
    }
    expect(here.marked.length).toBeLessThanOrEqual(16)
    await scope.seal()
    expect(here.marked.length).toBeLessThanOrEqual(17)
    expect(new Set(here.marked.map(({ token }) => token)).size).toBe(1)
    expect(new Set(here.marked.flatMap(({ cells }) => cells)).size).toBe(200)
    await scope.end('committed')
    await settled()
    expect((await here.get(readRow1)).reason).not.toBe('dirty')
  })

  it('are combined for statements that arrive while a mark is in flight, even if each statement waits', async () => {
    for (const marking of ['late', 'early'] as const) {
      const here = hanging()
      const scope = here.engine.transaction(marking)
      const all = [1, 2, 3, 1, 2, 3].map((id) => here.put(writes.touch(id), undefined, scope))
      await Promise.all(all)
      await settled()
      expect(here.marked).toHaveLength(2)
    }
  })

  it('leave a key clean whose values the result will provide, and cover the returned rows before COMMIT', async () => {
    const here = hanging()
    const other = simulatedProcess({ sharedWith: here, wrapStore: (inner) => faultyStore(inner) })
    const group = (id: number) => other.get(reads.byGroup(id))
    for (const id of [0, 1, 0, 1]) await group(id)
    const scope = begin(here)
    const transaction = here.database.begin()
    await here.put(writes.touch(1, 'item', true), transaction.write, scope)
    await scope.seal()
    expect((await group(1)).source).toBe('store')
    expect((await group(0)).reason).toBe('dirty')
    await transaction.commit()
    await scope.end('committed')
    const all = begin(here)
    await here.put(writes.touch(2), here.database.begin().write, all)
    expect((await group(1)).reason).toBe('dirty')
  })

  it('are sent again before COMMIT if they failed, with the same tags', async () => {
    const here = hanging()
    here.store.fail('rejects', 'mark')
    const scope = begin(here)
    await here.put(writes.touch(1), undefined, scope)
    await settled()
    here.store.fail('works')
    const { length } = here.marked
    await scope.seal()
    expect(here.marked).toHaveLength(length + 1)
    expect(here.marked.at(-1)).toEqual(here.marked[0])
  })

  it('are repeated before COMMIT if they are older than a second, because the store may have lost them', async () => {
    const here = hanging()
    const scope = begin(here)
    await here.put(writes.touch(1), undefined, scope)
    await here.clock.advance(1_000)
    await scope.seal()
    expect(here.marked).toHaveLength(2)
    expect(here.marked[1]?.cells).toEqual(here.marked[0]?.cells)
  })

  it('are renewed by one timer until the transaction ends', async () => {
    const here = hanging()
    const pending = here.clock.pending()
    const scope = begin(here)
    for (const [id, table] of [
      [1, 'item'],
      [2, 'item'],
      [1, 'note'],
    ] as const)
      await here.put(writes.touch(id, table), undefined, scope)
    // The timer of answered calls fires once more.
    await here.clock.advance(100)
    expect(here.clock.pending()).toBe(pending + 1)
    await here.clock.advance(10_000)
    expect(here.store.calls.filter((call) => call === 'renew')).toHaveLength(2)
    await scope.end('failed')
    await here.clock.advance(60_000)
    expect(here.store.calls.filter((call) => call === 'renew')).toHaveLength(2)
  })

  it('do not include an invalidation, which is marked at COMMIT and not at all before a rollback', async () => {
    const here = hanging()
    const scope = begin(here)
    await here.engine.invalidate({ tables: ['item'] }, scope)
    expect(here.marked).toHaveLength(0)
    await scope.seal()
    expect(here.marked).toHaveLength(1)
  })
})

describe('a mark acknowledged after COMMIT', () => {
  it('does not prove that its row is current, so that a row which another process has changed since is not stored', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const here = simulatedProcess({
      through: {},
      memory: { mode: 'off' },
      wrapStore: (store) => ({
        ...store,
        source: 'store',
        mark: async (request) => {
          await gate
          return store.mark(request)
        },
      }),
    })
    const there = simulatedProcess({
      sharedWith: here,
      wrapStore: (store) => ({ ...store, source: 'store' }),
    })
    const scope = here.engine.transaction('late')
    const transaction = here.database.begin()
    await here.put(writes.touch(1, 'item', true), transaction.write, scope)
    const sealed = scope.seal()
    await here.clock.advance(BUDGET)
    await sealed
    await transaction.commit()
    // Marked, committed and finished before the mark of the first gets there.
    await there.put(writes.touch(1, 'item', true))
    await settled()
    const ended = scope.end('committed')
    release()
    await ended
    await settled()
    expect((await there.get(readRow1)).result?.v).toBe(1_002)
  })
})

describe('a write outside transactions', () => {
  it('waits a second for a hanging store, and later writes do not wait', async () => {
    const here = hanging()
    here.store.fail('hangs')
    expect(await heldUp(here, here.put(writes.touch(1)))).toBe(1_000)
    expect(await heldUp(here, here.put(writes.touch(2)))).toBe(0)
    expect(await heldUp(here, here.put(writes.touch(1, 'note')))).toBe(0)
    expect(here.marked).toHaveLength(3)
  })

  it('also releases writes that are already waiting', async () => {
    const here = hanging()
    here.store.fail('hangs')
    const first = here.put(writes.touch(1))
    await settled()
    await here.clock.advance(900)
    const second = here.put(writes.touch(2))
    expect(await heldUp(here, Promise.all([first, second]))).toBe(100)
  })

  it('waits for a slow store, because the mark is set first', async () => {
    const here = simulatedProcess({
      wrapStore: (store) => ({
        ...store,
        source: 'store',
        mark: (request) =>
          new Promise((resolve) => here.clock.after(400, () => resolve(store.mark(request)))),
      }),
    })
    let over = false
    const written = here.put(writes.touch(1)).then(() => {
      over = true
    })
    await here.clock.advance(399)
    expect(over).toBe(false)
    await here.clock.advance(1)
    await written
  })

  it("does not wait under finish: 'await' for a store that does not answer", async () => {
    const here = hanging({ finish: 'await' })
    here.store.fail('hangs')
    await heldUp(here, here.put(writes.touch(1)))
    expect(await heldUp(here, here.put(writes.touch(1)))).toBe(0)
    expect((await here.get(readRow1)).reason).toBe('dirty')
    here.store.fail('works')
    await here.clock.advance(4_000)
    expect((await here.get(readRow1)).reason).not.toBe('dirty')
  })
})

describe("onMarkFailure: 'reject'", () => {
  const rejecting = () => {
    const here = hanging()
    here.engine.policy({ ttl: 1_000, onMarkFailure: 'reject' }, 'models.Item', { table: 'Item' })
    return here
  }
  const codeOf = (run: Promise<unknown>) =>
    run.then(
      () => 'went ahead',
      ({ code }) => code,
    )

  it('waits as long as a mark may take, in transactions as well, and then refuses immediately', async () => {
    for (const inside of [false, true]) {
      const here = rejecting()
      here.store.fail('hangs')
      const write = async () => {
        if (!inside) return here.put(writes.touch(1))
        const scope = begin(here)
        await here.put(writes.touch(1), undefined, scope)
        return scope.seal().finally(() => void scope.end('failed'))
      }
      const first = codeOf(write())
      expect(await heldUp(here, first)).toBe(1_000)
      expect(await first).toBe('LARDER_MARK_FAILED')
      const second = codeOf(write())
      expect(await heldUp(here, second)).toBe(0)
      expect(await second).toBe('LARDER_MARK_FAILED')
      here.store.fail('works')
      await here.clock.advance(5_000)
      expect(await codeOf(write())).toBe('went ahead')
    }
  })

  it('makes a transaction wait longer than the budget of other transactions', async () => {
    const here = rejecting()
    here.store.fail('hangs')
    const other = begin(here)
    await here.put(writes.touch(1, 'note'), undefined, other)
    expect(await heldUp(here, other.seal())).toBe(BUDGET)
    const scope = begin(here)
    await here.put(writes.touch(1), undefined, scope)
    // The mark of the other one has failed by then.
    expect(await heldUp(here, codeOf(scope.seal()))).toBe(900)
  })
})
