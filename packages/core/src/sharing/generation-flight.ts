import type { Clock } from '../base/clock.ts'
import {
  createLoadNode,
  type LoadNode,
  noteWait,
  noteWaits,
  runLoad,
  runNested,
  wouldDeadlock,
} from './nesting.ts'
import { firstOf, MOST_FLIGHTS, type OnQueryStart, type Shared } from './share.ts'

/** Loads of one name that run at once. A third one gathers callers until one of the two ends, or has taken too long. */
const MOST_AT_ONCE = 2

/**
 * Lets callers of one name share loads although nothing says how old a load is: a caller never joins a load that began
 * before its call. The callers who come while a load runs gather for the next one.
 */
export interface GenerationFlight<T> {
  /**
   * @param load is run by the first caller of a generation, and told how many others wait for it.
   * @param patience milliseconds after which the load, if this call begins it, is waited for by nobody.
   */
  share(
    name: string,
    load: GenerationLoad<T>,
    patience: number,
    options?: GenerationOptions,
  ): Promise<Shared<T>>
}

/**
 * @param others callers who wait for the load.
 * @param started reports when the query begins. Undefined if nobody may share the load, for then no caller's patience counts.
 */
export type GenerationLoad<T> = (others: number, started?: OnQueryStart) => Promise<T>

export interface GenerationOptions {
  /** Called when this call begins to wait for the load of another caller. */
  readonly joined?: (() => void) | undefined
  /** True: the caller delays others, so it loads alone instead of waiting until a load may begin. */
  readonly inOrder?: boolean
}

/** Callers who share one load. They may join until it begins. */
interface Generation<T> {
  readonly node: LoadNode
  readonly outcome: Promise<T>
  /** What to call when its time is over. */
  readonly waiting: Set<() => void>
  waiters: number
  begin(): void
}

/** The generations of one name. */
interface Line<T> {
  readonly running: Set<Generation<T>>
  next: Generation<T> | undefined
}

export function createGenerationFlight<T>(clock: Clock): GenerationFlight<T> {
  const lines = new Map<string, Line<T>>()

  const lineOf = (name: string): Line<T> => {
    const line = lines.get(name) ?? { running: new Set(), next: undefined }
    lines.set(name, line)
    return line
  }
  /** Makes this caller the first of the next generation. It waits in its own context, and so its load runs in that. */
  const gather = (name: string, load: GenerationLoad<T>, patience: number): Generation<T> => {
    const line = lineOf(name)
    const node = createLoadNode()
    const begun = Promise.withResolvers<void>()
    const waiting = new Set<() => void>()
    const leave = noteWaits(node, line.running)
    let cancel = (): void => {}
    const end = (): void => {
      cancel()
      if (!line.running.delete(generation)) return
      line.next?.begin()
      if (!line.next && !line.running.size) lines.delete(name)
    }
    const late = (): void => {
      end()
      for (const over of waiting) over()
    }
    const started: OnQueryStart = (longer) => {
      cancel()
      if (line.running.has(generation)) cancel = clock.after(longer, late, true)
    }
    const begin = (): void => {
      if (line.next !== generation) return
      line.next = undefined
      leave()
      line.running.add(generation)
      started(patience)
      outcome.then(end, end)
      begun.resolve()
    }
    const run = async (): Promise<T> => {
      await begun.promise
      return runLoad(node, () => load(generation.waiters, started))
    }
    const outcome = run()
    const generation: Generation<T> = { node, outcome, waiting, waiters: 0, begin }
    const ended = noteWait(node)
    outcome.then(ended, ended)
    line.next = generation
    // Whoever calls in this turn of the event loop still joins.
    if (line.running.size < MOST_AT_ONCE) process.nextTick(begin)
    return generation
  }

  return {
    async share(name, load, patience, { joined, inOrder = false } = {}) {
      const late: Promise<T>[] = []
      while (late.length < MOST_FLIGHTS) {
        const { running, next } = lineOf(name)
        const waits = running.size >= MOST_AT_ONCE
        if ([...running].some(({ node }) => wouldDeadlock(node)))
          return { own: await runNested(() => load(0)) }
        if (waits && inOrder) break
        if (!next) return { own: await gather(name, load, patience).outcome }
        if (wouldDeadlock(next.node)) return { own: await runNested(() => load(0)) }
        next.waiters++
        joined?.()
        const shared = await firstOf(next, late, (over) => {
          next.waiting.add(over)
          return () => next.waiting.delete(over)
        })
        if (shared) return shared
        late.push(next.outcome)
      }
      return { own: await load(0) }
    },
  }
}
