import { AsyncLocalStorage } from 'node:async_hooks'
import { CacheError } from '../base/errors.ts'

/** Loads that need their own result may nest this deep. One more is taken for endless recursion. */
const DEEPEST = 50

/** One load, and the loads that it is waiting for. */
export interface LoadNode {
  readonly waits: Set<Wait>
}

/** One load waiting for others. An object of its own, because a load may wait twice for the same one. */
interface Wait {
  readonly awaited: AwaitedLoads
}

/** Loads that another one waits for, as they are when somebody looks. */
type AwaitedLoads = Iterable<{ readonly node: LoadNode }>

interface Nesting {
  readonly load: LoadNode
  /** Loads around this one that were run alone, because they needed their own result. */
  readonly depth: number
}

/** One for all caches of the process: a load of one cache may need a result of another. */
const nesting = new AsyncLocalStorage<Nesting>()

export function createLoadNode(): LoadNode {
  return { waits: new Set() }
}

/** The load that the running code is part of. */
export function currentLoad(): LoadNode | undefined {
  return nesting.getStore()?.load
}

/** Runs `load` so that what it reads from a cache is known to be part of it. */
export function runLoad<T>(node: LoadNode, load: () => Promise<T>): Promise<T> {
  const depth = nesting.getStore()?.depth ?? 0
  return nesting.run({ load: node, depth }, load)
}

/** True if the running code is part of a load that `node` is waiting for: neither would ever end. */
export function wouldDeadlock(node: LoadNode): boolean {
  const target = nesting.getStore()?.load
  if (!target) return false
  const visited = new Set([node])
  // A Set iterates over what is added on the way.
  for (const load of visited) {
    if (load === target) return true
    for (const { awaited } of load.waits) for (const { node: next } of awaited) visited.add(next)
  }
  return false
}

/**
 * Notes that the load which the running code is part of, if any, waits for `node`.
 * @returns a function to call when it no longer does.
 */
export function noteWait(node: LoadNode): () => void {
  const load = nesting.getStore()?.load
  return load ? noteWaits(load, [{ node }]) : () => {}
}

/**
 * Records that `node` waits for all of `awaited`, including loads that are added to it later.
 * @returns a function to call when it no longer does.
 */
export function noteWaits(node: LoadNode, awaited: AwaitedLoads): () => void {
  const wait = { awaited }
  node.waits.add(wait)
  return () => node.waits.delete(wait)
}

/**
 * Runs a load that cannot share because it is needed by the load it would share.
 * @throws CacheError `LARDER_ENDLESS_LOAD` when such loads nest too deep.
 */
export async function runNested<T>(load: () => Promise<T>): Promise<T> {
  const around = nesting.getStore()
  if (!around) return load()
  if (around.depth >= DEEPEST)
    throw new CacheError(
      'LARDER_ENDLESS_LOAD',
      `the load of a cached value needs that value itself, ${DEEPEST} times over: give the outer and the inner call of wrap different keys, or break the recursion`,
    )
  return nesting.run({ load: around.load, depth: around.depth + 1 }, load)
}
