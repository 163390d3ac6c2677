import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from '../base/process-wide.ts'

/** Loads whose reads must not be served from the memory tier without a round trip. */
export interface StrictLoads {
  /**
   * Runs a load that consists of other reads. Its result is stored with nonces fetched before it started. If one of its reads
   * returned an older result, that result would look current.
   */
  run<T>(load: () => Promise<T>): Promise<T>
  /** True inside such a load, through any number of awaits. */
  isActive(): boolean
}

export function createStrictLoads(): StrictLoads {
  // One for the process: the load may read through another copy of this module.
  const loading = processWide('strict-loads', () => new AsyncLocalStorage<true>())
  return {
    run: (load) => loading.run(true, load),
    isActive: () => loading.getStore() === true,
  }
}
