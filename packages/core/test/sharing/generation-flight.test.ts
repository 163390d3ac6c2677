import { deferred, fakeClock, settled, sized } from '@larder/testing'
import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { createGenerationFlight } from '../../src/sharing/generation-flight.ts'
import { createLoadNode, runLoad } from '../../src/sharing/nesting.ts'

const PATIENCE = 5_000
const hang = () => new Promise<number>(() => {})

function flight() {
  const clock = fakeClock()
  return { clock, generations: createGenerationFlight<number>(clock) }
}

it('callers of one turn share one load, which receives the number of waiting callers', async () => {
  const { generations } = flight()
  const load = vi.fn(async (others: number) => others)
  const shared = Array.from({ length: 3 }, () => generations.share('a', load, PATIENCE))
  expect(load).not.toHaveBeenCalled()
  expect(await Promise.all(shared)).toEqual([{ own: 2 }, { other: 2 }, { other: 2 }])
  expect(await generations.share('a', load, PATIENCE)).toEqual({ own: 0 })
})

it('a caller that arrives while a load runs starts the second load, and the next callers share the third', async () => {
  const { generations } = flight()
  const [first, second] = [deferred<number>(), deferred<number>()]
  const loads = [generations.share('a', () => first.promise, PATIENCE)]
  await settled()
  loads.push(generations.share('a', () => second.promise, PATIENCE))
  await settled()
  const third = vi.fn(async () => 3)
  const waiting = [1, 2, 3].map(() => generations.share('a', third, PATIENCE))
  await settled()
  expect(third).not.toHaveBeenCalled()
  second.resolve(2)
  expect(await Promise.all(waiting)).toEqual([{ own: 3 }, { other: 3 }, { other: 3 }])
  first.resolve(1)
  expect(await Promise.all(loads)).toEqual([{ own: 1 }, { own: 2 }])
})

it('a different name is a different load', async () => {
  const { generations } = flight()
  void generations.share('a', hang, PATIENCE)
  expect(await generations.share('b', async () => 1, PATIENCE)).toEqual({ own: 1 })
})

it('a load that hangs delays only the callers of its own generation, by the join timeout', async () => {
  const { clock, generations } = flight()
  void generations.share('a', hang, PATIENCE)
  const load = vi.fn(async (_others: number) => 2)
  const waiting = [1, 2, 3].map(() => generations.share('a', load, PATIENCE))
  await clock.advance(0)
  expect(await generations.share('a', async () => 9, PATIENCE)).toEqual({ own: 9 })
  await clock.advance(PATIENCE)
  expect(await Promise.all(waiting)).toEqual([{ own: 2 }, { other: 2 }, { other: 2 }])
  // Others wait for it: its result must be one that can be shared.
  expect(load.mock.calls.map(([others]) => others)).toEqual([2])
  expect(clock.pending()).toBe(0)
})

it('callers that wait behind two hanging loads start when the time of the first is over', async () => {
  const { clock, generations } = flight()
  for (let load = 0; load < 2; load++) {
    void generations.share('a', hang, PATIENCE)
    await settled()
    await clock.advance(1_000)
  }
  const waiting = [1, 2].map(() => generations.share('a', async () => 3, PATIENCE))
  await clock.advance(2_999)
  let over = false
  void waiting[0]?.then(() => {
    over = true
  })
  await settled()
  expect(over).toBe(false)
  await clock.advance(1)
  expect(await Promise.all(waiting)).toEqual([{ own: 3 }, { other: 3 }])
})

it('a late load answers its waiters while its successor hangs', async () => {
  const { clock, generations } = flight()
  const slow = deferred<number>()
  const first = generations.share('a', () => slow.promise, PATIENCE)
  const others = [1, 2].map(() => generations.share('a', hang, PATIENCE))
  await clock.advance(PATIENCE + 1_000)
  slow.resolve(1)
  expect(await first).toEqual({ own: 1 })
  expect(await others[1]).toEqual({ other: 1 })
})

it('callers that wait for a failing load learn that it failed, but do not get its error', async () => {
  const { generations } = flight()
  const failing = generations.share('a', () => Promise.reject(new Error('failed')), PATIENCE)
  const other = generations.share('a', hang, PATIENCE)
  await expect(failing).rejects.toThrow('failed')
  expect(await other).toEqual({ other: undefined })
})

it('a caller with inOrder runs its own load instead of waiting for the next generation', async () => {
  const { clock, generations } = flight()
  void generations.share('a', hang, PATIENCE)
  await clock.advance(0)
  void generations.share('a', hang, PATIENCE)
  await clock.advance(0)
  expect(await generations.share('a', async () => 3, PATIENCE, { inOrder: true })).toEqual({ own: 3 })
})

it('each load runs in the async context of the caller that began it', async () => {
  const { generations } = flight()
  const [first, second] = [deferred<number>(), deferred<number>()]
  void generations.share('a', () => first.promise, PATIENCE)
  await settled()
  void generations.share('a', () => second.promise, PATIENCE)
  await settled()
  const { AsyncLocalStorage } = await import('node:async_hooks')
  const context = new AsyncLocalStorage<number>()
  const third = context.run(3, () => generations.share('a', async () => context.getStore() ?? 0, PATIENCE))
  context.run(1, () => first.resolve(1))
  expect(await third).toEqual({ own: 3 })
})

it('a load that needs its own name, directly or through another load, does not wait for itself', async () => {
  const { generations } = flight()
  const share = (name: string, load: () => Promise<number>): Promise<number> =>
    generations.share(name, load, PATIENCE).then((shared) => ('own' in shared ? shared.own : -1))
  const depth = async (remaining: number): Promise<number> =>
    remaining ? 1 + (await share('a', () => depth(remaining - 1))) : 0
  expect(await share('a', () => depth(5))).toBe(5)
  const through = async (remaining: number): Promise<number> =>
    remaining ? 1 + (await share('b', () => share('a', () => through(remaining - 1)))) : 0
  expect(await share('a', () => through(3))).toBe(3)
})

it('two loads do not deadlock if each waits in the next generation of the other', async () => {
  const { generations } = flight()
  const go = deferred()
  const load = (other: string) => async (): Promise<number> => {
    await go.promise
    const shared = await generations.share(other, async () => 1, PATIENCE)
    return 'own' in shared ? shared.own : 10
  }
  const begun: Promise<unknown>[] = []
  // Two of each name run: whoever asks for the other name has to gather.
  for (let turn = 0; turn < 2; turn++) {
    begun.push(generations.share('a', load('b'), PATIENCE), generations.share('b', load('a'), PATIENCE))
    await settled()
  }
  go.resolve()
  expect(await Promise.all(begun)).toHaveLength(4)
})

it('a load that waits in a generation is found by the loads that this one waits for', async () => {
  const { generations } = flight()
  const go = deferred()
  // Two loads of `a` that need `x`; `x` needs `a` and so gathers behind both.
  const needsX = async (): Promise<number> => {
    await go.promise
    const shared = await generations.share('x', async () => 5, PATIENCE)
    return 'own' in shared ? shared.own : 50
  }
  const loads = [generations.share('a', needsX, PATIENCE)]
  await settled()
  loads.push(generations.share('a', needsX, PATIENCE))
  await settled()
  const node = createLoadNode()
  const x = runLoad(node, () =>
    generations.share(
      'x',
      async () => {
        const shared = await generations.share('a', async () => 7, PATIENCE)
        return 'own' in shared ? shared.own : 70
      },
      PATIENCE,
    ),
  )
  await settled()
  go.resolve()
  expect(await Promise.all([...loads, x])).toHaveLength(3)
})

type Step =
  | { readonly kind: 'call' }
  | { readonly kind: 'end'; readonly which: number; readonly fails: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'turn' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Step>({ kind: 'call' }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(3), fails: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(PATIENCE / 8) }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'turn' }) },
)

it('for any order of calls and answers, at most two loads run at a time, and no caller gets a load begun before its call', async () => {
  const program = async (steps: readonly Step[]): Promise<void> => {
    const { clock, generations } = flight()
    let instant = 0
    const loads: {
      readonly at: number
      readonly since: number
      readonly end: ReturnType<typeof deferred<number>>
    }[] = []
    const open = new Set<number>()
    const load = (): Promise<number> => {
      const id = loads.length
      const end = deferred<number>()
      loads.push({ at: ++instant, since: clock.now(), end })
      open.add(id)
      const live = [...open].filter((id) => clock.now() - (loads[id]?.since ?? 0) < PATIENCE)
      expect(live.length).toBeLessThanOrEqual(2)
      return end.promise
    }
    const ends: Promise<void>[] = []
    const call = (): void => {
      const called = ++instant
      const ended = generations.share('a', load, PATIENCE).then(
        (shared) => {
          if ('other' in shared && shared.other !== undefined)
            expect(loads[shared.other]?.at).toBeGreaterThan(called)
        },
        (error: unknown) => expect(String(error)).toBe('Error: failed'),
      )
      ends.push(ended)
    }
    const end = (id: number, fails: boolean): void => {
      if (!open.delete(id)) return
      if (fails) loads[id]?.end.reject(new Error('failed'))
      else loads[id]?.end.resolve(id)
    }
    for (const step of steps) {
      if (step.kind === 'call') call()
      else if (step.kind === 'end') end([...open][step.which] ?? -1, step.fails)
      else if (step.kind === 'wait') await clock.advance(step.ms)
      else await settled()
    }
    await settled()
    while (open.size) {
      for (const id of open) end(id, false)
      await settled()
    }
    await Promise.all(ends)
    expect(clock.pending()).toBe(0)
  }
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), program), {
    numRuns: sized(150, 5_000),
  })
})
