import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from '../base/process-wide.ts'

/** Where answers that may be a moment old are not good enough. */
export interface StrictLoads {
  /**
   * Runs a load that is made of other reads. It is stored under nonces fetched before it began: were one of its reads
   * answered with something older, that would look new from then on.
   */
  run<T>(load: () => Promise<T>): Promise<T>
  /** True in such a load, through any number of awaits. */
  isActive(): boolean
}

export function createStrictLoads(): StrictLoads {
  // Of the whole process: the load may read through another copy of this module.
  const loading = processWide('strict-loads', () => new AsyncLocalStorage<true>())
  return {
    run: (load) => loading.run(true, load),
    isActive: () => loading.getStore() === true,
  }
}
