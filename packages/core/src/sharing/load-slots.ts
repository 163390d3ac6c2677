import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../base/clock.ts'
import { CacheError } from '../base/errors.ts'
import type { Policy } from '../plan/policy.ts'
import { createLoadNode, currentLoad, type LoadNode, noteWaits, runLoad, wouldDeadlock } from './nesting.ts'

/** Limits how many loads of a model run at once in this process. */
export interface LoadSlots {
  /**
   * Runs `load` when fewer than `maxConcurrentLoads` of the model are running, first come, first served. A load that is part
   * of a load of the same model never waits: it runs in the slot of that one.
   * @throws CacheError `LARDER_OVERLOADED` after the `loadQueueTimeout`, if the policy says `onOverload: 'reject'`.
   */
  run<T>(model: string, policy: SlotPolicy, load: () => Promise<T>): Promise<T>
}

type SlotPolicy = Pick<Policy, 'maxConcurrentLoads' | 'loadQueueTimeout' | 'onOverload'>

/** A load that runs, and the slots of the loads around it. */
interface Slot {
  readonly queue: Queue
  readonly node: LoadNode
  readonly enclosing: Slot | undefined
  over: boolean
}

interface Queue {
  readonly running: Set<Slot>
  readonly waiting: Set<() => void>
  /** Slots that are free for those who have waited, and not taken yet. */
  reserved: number
  /** A load has waited in vain, and none has ended since. */
  stalled: boolean
}

export function createLoadSlots(clock: Clock): LoadSlots {
  const queues = new Map<string, Queue>()
  const slotOfCaller = new AsyncLocalStorage<Slot>()

  const queueOf = (model: string): Queue => {
    const queue = queues.get(model) ?? { running: new Set(), waiting: new Set(), reserved: 0, stalled: false }
    queues.set(model, queue)
    return queue
  }
  const runsInside = (queue: Queue): boolean => {
    for (let slot = slotOfCaller.getStore(); slot; slot = slot.enclosing)
      if (slot.queue === queue && !slot.over) return true
    return [...queue.running].some(({ node }) => wouldDeadlock(node))
  }
  /** Resolves to false when the time is over. */
  const wait = (queue: Queue, milliseconds: number): Promise<boolean> => {
    const node = currentLoad()
    const leave = node && noteWaits(node, queue.running)
    return new Promise((resolve) => {
      const done = (free: boolean): void => {
        cancel()
        leave?.()
        queue.waiting.delete(next)
        resolve(free)
      }
      const next = (): void => {
        queue.reserved++
        done(true)
      }
      const cancel = clock.after(milliseconds, () => done(false), true)
      queue.waiting.add(next)
    })
  }
  const occupy = async <T>(queue: Queue, limit: number, load: () => Promise<T>): Promise<T> => {
    const current = currentLoad()
    const node = current ?? createLoadNode()
    const slot: Slot = { queue, node, enclosing: slotOfCaller.getStore(), over: false }
    queue.running.add(slot)
    try {
      return await slotOfCaller.run(slot, () => (current ? load() : runLoad(node, load)))
    } finally {
      slot.over = true
      queue.running.delete(slot)
      queue.stalled = false
      const [next] = queue.waiting
      // After `proceed`, more may be running than may begin.
      if (queue.running.size + queue.reserved < limit) next?.()
    }
  }
  return {
    async run(model, policy, load) {
      const { maxConcurrentLoads: limit, loadQueueTimeout, onOverload } = policy
      if (limit === undefined) return load()
      const queue = queueOf(model)
      if (runsInside(queue)) return load()
      if (queue.running.size + queue.reserved < limit) return occupy(queue, limit, load)
      const began = clock.now()
      // Where others have waited in vain and nothing has ended since, a newcomer would, too.
      const time = queue.stalled && onOverload === 'reject' ? 0 : loadQueueTimeout
      if (time > 0 && (await wait(queue, time))) {
        queue.reserved--
        return occupy(queue, limit, load)
      }
      queue.stalled = true
      if (onOverload === 'reject')
        throw overloaded(model, limit, Math.round(clock.now() - began), loadQueueTimeout)
      return occupy(queue, limit, load)
    },
  }
}

/** Runs what a read does to load in the slot that its query needs, which then waits for none. */
export function inSlot<T>(
  { slots, inOrder }: { readonly slots: LoadSlots; readonly inOrder: boolean },
  { plan, policy }: LimitedRead,
  work: () => Promise<T>,
): Promise<T> {
  return policy.maxConcurrentLoads === undefined || inOrder ? work() : slots.run(plan.model, policy, work)
}

/** The same read, whose query waits for a slot. Not where it would keep its place among statements that run in order. */
export function limitLoads<R extends LimitedRead>(
  { slots, inOrder, clock }: { readonly slots: LoadSlots; readonly inOrder: boolean; readonly clock: Clock },
  entry: R,
): R {
  const { plan, policy } = entry
  if (policy.maxConcurrentLoads === undefined || inOrder) return entry
  const queued: { over?: number } = {}
  const send = (): Promise<unknown> => {
    queued.over = clock.now()
    return plan.run()
  }
  return { ...entry, queued, plan: { ...plan, run: () => slots.run(plan.model, policy, send) } }
}

interface LimitedRead {
  readonly plan: { readonly model: string; run(): Promise<unknown> }
  readonly policy: SlotPolicy
}

function overloaded(model: string, limit: number, waited: number, timeout: number): CacheError {
  return new CacheError(
    'LARDER_OVERLOADED',
    `${model}: ${limit} loads are running (maxConcurrentLoads) and none has ended within ${timeout} ms (loadQueueTimeout). This read waited ${waited} ms and sent no query. Find out why the queries are slow, raise one of the two, or set onOverload: 'proceed'`,
  )
}
