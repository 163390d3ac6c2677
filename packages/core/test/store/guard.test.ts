import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { CacheError, memoryStore } from '@larder/core'
import { systemClock } from '@larder/core/host'
import type { Store } from '@larder/core/store'
import { fakeClock, faultyStore, repeatWhenBusy, settled } from '@larder/testing'
import { expect, it, onTestFinished } from 'vitest'
import { createEvents } from '../../src/report/events.ts'
import { guardStore } from '../../src/store/guard.ts'

repeatWhenBusy()

function guarded(wrapStore: (store: Store) => Store = (store) => store) {
  const clock = fakeClock()
  const store = faultyStore(memoryStore({ clock }))
  const events = createEvents()
  const eventNames: string[] = []
  events.on('store-state', ({ state }) => eventNames.push(state))
  events.on('store-error', ({ action }) => eventNames.push(action))
  const guard = guardStore(wrapStore(store), clock, events)
  const read = () => guard.fetch('entry', [])
  return { clock, store, guard, read, eventNames }
}

const request = { record: '{t}', token: 'w', fields: ['list'], known: [], cells: [], lifetime: 30_000 }
const finish = { record: '{t}', token: 'w', untouched: [], keep: [], cells: [] }

it('after three failed reads in a row, further reads fail without being sent or delayed', async () => {
  const { store, guard, read, eventNames, clock } = guarded()
  store.fail('rejects')
  for (let time = 0; time < 3; time++) expect((await read()).ok).toBe(false)
  expect(eventNames).toEqual(['fetch', 'fetch', 'fetch', 'unavailable'])
  store.fail('hangs')
  const sent = store.calls.length
  // Time stands still: what waited for the store would wait for ever.
  for (let time = 0; time < 3; time++) expect((await read()).ok).toBe(false)
  expect((await guard.seed([], 1)).ok).toBe(false)
  expect((await guard.set('entry', new Uint8Array(), 1)).ok).toBe(false)
  expect(store.calls).toHaveLength(sent)
  expect(clock.pending()).toBe(1)
})

it('an answered read resets the count of failures', async () => {
  const { store, read, eventNames } = guarded()
  for (const fault of ['rejects', 'rejects', 'works', 'rejects', 'rejects', 'works'] as const) {
    store.fail(fault)
    expect((await read()).ok).toBe(fault === 'works')
  }
  expect(eventNames).not.toContain('unavailable')
})

it('a partly failing store is still used as long as other reads are answered', async () => {
  const { store, read, eventNames, clock } = guarded()
  const some = async (): Promise<void> => {
    store.fail('works')
    await read()
    store.fail('rejects')
    for (let time = 0; time < 5; time++) await read()
  }
  for (let time = 0; time < 5; time++) {
    await some()
    await clock.advance(99)
  }
  expect(eventNames).not.toContain('unavailable')
  await clock.advance(1)
  await read()
  expect(eventNames.at(-1)).toBe('unavailable')
})

it('a probe repeats a stopped read, because the failed one may be on the lost part of the store', async () => {
  const { read, guard, eventNames, clock } = guarded((inner) => ({
    ...inner,
    async fetch(entry, tags) {
      if (entry === 'entry') throw new Error('simulated: this part is lost')
      return inner.fetch(entry, tags)
    },
  }))
  for (let time = 0; time < 3; time++) await read()
  await clock.advance(2_000)
  expect(eventNames.filter((event) => event !== 'fetch')).toEqual(['unavailable'])
  expect((await guard.fetch('elsewhere', [])).ok).toBe(false)
  await clock.advance(500)
  expect((await guard.fetch('elsewhere', [])).ok).toBe(true)
})

it('the last failed read is repeated in the background, one at a time, until it is answered', async () => {
  const { store, read, eventNames, clock } = guarded()
  store.fail('hangs')
  const waiting = [read(), read(), read()]
  await clock.advance(100)
  expect((await Promise.all(waiting)).map(({ ok }) => ok)).toEqual([false, false, false])
  const probes = () => store.calls.length - 3
  await clock.advance(499)
  expect(probes()).toBe(0)
  await clock.advance(1)
  expect(probes()).toBe(1)
  // On its way, and the reads of callers are not held up by it.
  expect((await read()).ok).toBe(false)
  await clock.advance(99)
  expect(probes()).toBe(1)
  store.fail('works')
  await clock.advance(501)
  expect(probes()).toBe(2)
  expect((await read()).ok).toBe(true)
  expect(eventNames.filter((event) => event !== 'fetch')).toEqual(['unavailable', 'ready'])
  await clock.advance(10_000)
  expect(probes()).toBe(3)
})

it('a store that reports its return is probed immediately', async () => {
  const { store, read, guard } = guarded()
  guard.probe()
  store.fail('rejects')
  for (let time = 0; time < 3; time++) await read()
  store.fail('works')
  expect((await read()).ok).toBe(false)
  guard.probe()
  await settled()
  expect((await read()).ok).toBe(true)
})

it('marks, renewals, finishes and invalidateAll are sent even while reads are stopped', async () => {
  const { store, guard, read } = guarded()
  store.fail('rejects', 'fetch')
  for (let time = 0; time < 4; time++) await read()
  expect((await guard.mark(request)).ok).toBe(true)
  expect((await guard.renew(request)).ok).toBe(true)
  expect((await guard.finish(finish)).ok).toBe(true)
  expect((await guard.invalidateAll()).ok).toBe(true)
  expect(store.calls.slice(3)).toEqual(['mark', 'renew', 'finish', 'invalidateAll'])
})

it('slots that are moving between servers do not stop reads, and a probe that meets one counts as answered', async () => {
  let moving = true
  const { store, read, eventNames, clock } = guarded((inner) => ({
    ...inner,
    fetch: async (entry, tags) => {
      if (moving) throw new CacheError('LARDER_STORE_MOVING', 'TRYAGAIN')
      return inner.fetch(entry, tags)
    },
  }))
  for (let time = 0; time < 10; time++) expect((await read()).ok).toBe(false)
  expect(eventNames).not.toContain('unavailable')
  moving = false
  store.fail('rejects')
  for (let time = 0; time < 3; time++) await read()
  expect(eventNames.at(-1)).toBe('unavailable')
  moving = true
  await clock.advance(500)
  expect(eventNames.at(-1)).toBe('ready')
})

it('store-state is emitted once per change, including for an unacknowledged write', async () => {
  const { store, guard, read, eventNames } = guarded()
  store.fail('rejects')
  await guard.mark(request)
  await guard.finish(finish)
  for (let time = 0; time < 4; time++) await read()
  expect(eventNames.filter((event) => event === 'unavailable')).toHaveLength(1)
  store.fail('works')
  await guard.finish(finish)
  expect(eventNames).not.toContain('ready')
  guard.probe()
  await settled()
  expect(eventNames.filter((event) => event === 'ready')).toHaveLength(1)
})

it("a successful write to one table does not end the outage of another table's writes", async () => {
  const { guard, eventNames } = guarded((inner) => ({
    ...inner,
    async mark(sent) {
      if (sent.record === '{lost}') throw new Error('simulated: this part is lost')
      await inner.mark(sent)
    },
  }))
  for (let time = 0; time < 3; time++) {
    await guard.mark({ ...request, record: '{lost}' })
    await guard.mark(request)
  }
  expect(eventNames.filter((event) => event !== 'mark')).toEqual(['unavailable'])
  await guard.finish({ ...finish, record: '{lost}' })
  expect(eventNames.at(-1)).toBe('ready')
  await guard.mark({ ...request, record: '{lost}' })
  await guard.invalidateAll()
  expect(eventNames.slice(-2)).toEqual(['unavailable', 'ready'])
})

it('after close() no probe is sent', async () => {
  const { store, guard, read, clock } = guarded()
  store.fail('rejects')
  for (let time = 0; time < 3; time++) await read()
  await guard.close()
  expect(clock.pending()).toBe(0)
  guard.probe()
  await clock.advance(1_000)
  expect(store.calls).toHaveLength(3)
})

/** A store over a socket to another thread, which answers at once whatever this one is doing, and counts its answers. */
async function echoStore(): Promise<{ store: Store; answered: () => number }> {
  const count = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(
    `const { createServer } = require('node:net')
     const { parentPort, workerData } = require('node:worker_threads')
     const server = createServer((socket) => {
       socket.on('error', () => {})
       socket.on('data', (data) => socket.write(data, () => Atomics.add(workerData, 0, data.length)))
     })
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true, workerData: count },
  )
  const [port] = (await once(worker, 'message')) as [number]
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  onTestFinished(async () => {
    socket.destroy()
    await worker.terminate()
  })
  const waiting: (() => void)[] = []
  socket.on('data', (data) => {
    for (const _ of data) waiting.shift()?.()
  })
  const inner = memoryStore()
  const fetch: Store['fetch'] = async (entry, tags) => {
    const answer = new Promise<void>((resolve) => waiting.push(resolve))
    socket.write('x')
    await answer
    return inner.fetch(entry, tags)
  }
  return { store: { ...inner, source: 'store', fetch }, answered: () => Atomics.load(count, 0) }
}

/** Keeps this thread busy: at least so long, and until it is time. */
function block(milliseconds: number, until: () => boolean = () => true): void {
  const begun = performance.now()
  while (performance.now() < begun + milliseconds || !until())
    if (performance.now() > begun + 10_000) throw new Error('the other thread does not answer')
}

it('a blocked event loop does not count as a store timeout if the replies had arrived', async () => {
  const { store, answered } = await echoStore()
  const events = createEvents()
  const errors: unknown[] = []
  events.on('store-error', (event) => errors.push(event))
  const guard = guardStore(store, systemClock, events)
  for (let time = 1; time <= 5; time++) {
    const reads = [guard.fetch('a', []), guard.fetch('b', [])]
    // Past the deadline: the timer is due before the socket is looked at.
    block(150, () => answered() === 2 * time)
    expect((await Promise.all(reads)).map(({ ok }) => ok)).toEqual([true, true])
  }
  expect(errors).toEqual([])
})

it('a call that a blocked event loop could not send before its deadline is waited for', async () => {
  const inner = memoryStore()
  const fetch: Store['fetch'] = async (entry, tags) => {
    // A queue, a socket, a parser: each takes a turn of the loop.
    for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    return inner.fetch(entry, tags)
  }
  const guard = guardStore({ ...inner, source: 'store', fetch }, systemClock, createEvents())
  const reading = guard.fetch('a', [])
  block(150)
  expect((await reading).ok).toBe(true)
})

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

it('consecutive replies are waited for while each blocks the event loop for long', async () => {
  const inner = memoryStore()
  let last = Promise.resolve()
  const fetch: Store['fetch'] = async (entry, tags) => {
    last = last.then(() => turns(10))
    await last
    return inner.fetch(entry, tags)
  }
  const guard = guardStore({ ...inner, source: 'store', fetch }, systemClock, createEvents())
  const reads = Array.from({ length: 8 }, async () => {
    const { ok } = await guard.fetch('a', [])
    block(150)
    return ok
  })
  expect(await Promise.all(reads)).toEqual(reads.map(() => true))
})

it('consecutive replies are waited for while each takes a short time to process and the process is the bottleneck', async () => {
  // No turn is long enough to make a timer late; all of them together take more than two deadlines.
  const read = async (): Promise<{ readonly refused: number; readonly longest: number }> => {
    const inner = memoryStore()
    let last = Promise.resolve()
    const fetch: Store['fetch'] = async (entry, tags) => {
      last = last.then(() => turns(1))
      await last
      return inner.fetch(entry, tags)
    }
    const guard = guardStore({ ...inner, source: 'store', fetch }, systemClock, createEvents())
    let before = performance.now()
    let longest = 0
    const reads = Array.from({ length: 60 }, async () => {
      const { ok } = await guard.fetch('a', [])
      block(4)
      longest = Math.max(longest, performance.now() - before)
      before = performance.now()
      return ok
    })
    const answers = await Promise.all(reads)
    return { refused: answers.filter((ok) => !ok).length, longest }
  }
  // A turn in which the machine ran something else may well make a timer late: that time proves nothing.
  let result = await read()
  for (let time = 0; time < 20 && result.refused && result.longest > 20; time++) result = await read()
  expect(result.refused).toBe(0)
})

it('a slow store times out if the process is mostly idle', async () => {
  const inner = memoryStore()
  let last = Promise.resolve()
  let answered = 0
  const fetch: Store['fetch'] = async (entry, tags) => {
    last = last.then(() => new Promise((resolve) => setTimeout(resolve, 20)))
    await last
    answered++
    return inner.fetch(entry, tags)
  }
  const guard = guardStore({ ...inner, source: 'store', fetch }, systemClock, createEvents())
  const answers = await Promise.all(Array.from({ length: 60 }, () => guard.fetch('a', [])))
  expect(answers.filter(({ ok }) => !ok).length).toBeGreaterThan(15)
  // Nobody waited until the store was through with its queue.
  expect(answered).toBeLessThan(45)
})

it('an unanswered call times out in a busy process, quickly without other replies and later with them', async () => {
  const inner = memoryStore()
  const fetch: Store['fetch'] = (entry, tags) =>
    entry === 'lost' ? new Promise(() => {}) : turns(10).then(() => inner.fetch(entry, tags))
  const guard = guardStore({ ...inner, source: 'store', fetch }, systemClock, createEvents())
  for (const [others, longest] of [
    [false, 1_000],
    [true, 4_500],
  ] as const) {
    let over = false
    const began = performance.now()
    const lost = guard.fetch('lost', []).then(({ ok }) => {
      over = true
      return ok
    })
    while (!over) {
      if (others) await guard.fetch('a', [])
      block(120)
      await turns(4)
    }
    expect(await lost).toBe(false)
    expect(performance.now() - began).toBeLessThan(longest)
  }
})

/** Reads that are answered one after the other, one each millisecond, by a process that works for this share of the time. */
async function readsInARow(share: number, answered = Number.POSITIVE_INFINITY): Promise<readonly boolean[]> {
  const inner = memoryStore()
  let worked = 0
  const clock = { ...fakeClock(), worked: () => worked }
  const waiting: (() => void)[] = []
  const fetch: Store['fetch'] = async (entry, tags) => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    return inner.fetch(entry, tags)
  }
  const guard = guardStore({ ...inner, source: 'store', fetch }, clock, createEvents())
  const reads = Array.from({ length: 256 }, () => guard.fetch('a', []))
  for (let time = 0; time < 300; time++) {
    worked += share
    await clock.advance(1)
    if (time < answered) waiting.shift()?.()
  }
  return (await Promise.all(reads)).map(({ ok }) => ok)
}

it('reads queued behind other replies do not time out while this process is the bottleneck', async () => {
  expect(await readsInARow(0.7)).not.toContain(false)
})

it('reads queued behind other replies time out if this process is mostly idle or no reply arrives', async () => {
  const idle = await readsInARow(0.3)
  expect(idle.filter(Boolean).length).toBeLessThan(130)
  expect(await readsInARow(0.7, 0)).not.toContain(true)
})

it('an unanswered mark times out after a second, even while the process is busy with other replies', async () => {
  let worked = 0
  const clock = { ...fakeClock(), worked: () => worked }
  const inner = memoryStore()
  const mark: Store['mark'] = (request) =>
    request.record === '{lost}' ? new Promise(() => {}) : inner.mark(request)
  const guard = guardStore({ ...inner, source: 'store', mark }, clock, createEvents())
  let failed: number | undefined
  const lost = guard.mark({ ...request, record: '{lost}' }).then(() => {
    failed = clock.now()
  })
  const began = clock.now()
  for (let time = 0; time < 1_100 && failed === undefined; time++) {
    worked += 0.7
    await guard.mark(request)
    await clock.advance(1)
  }
  expect(failed).toBeDefined()
  await lost
  expect((failed ?? 0) - began).toBeLessThan(1_050)
})
