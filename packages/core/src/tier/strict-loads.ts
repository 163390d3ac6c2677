import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from '../base/process-wide.ts'

/** Where answers that may be a moment old are not good enough. */
export interface Strictness {
  /**
   * Runs a load that is made of other reads. It is stored under nonces fetched before it began: were one of its reads
   * answered with something older, that would look new from then on.
   */
  within<T>(load: () => Promise<T>): Promise<T>
  /** True in such a load, through any number of awaits. */
  required(): boolean
}

export function createStrictness(): Strictness {
  // Of the whole process: the load may read through another copy of this module.
  const loading = processWide('strict-loads', () => new AsyncLocalStorage<true>())
  return {
    within: (load) => loading.run(true, load),
    required: () => loading.getStore() === true,
  }
}
