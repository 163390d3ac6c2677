import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from '../base/process-wide.ts'
import type { CapturedRead, Collector, Refusal } from '../plan/contribution.ts'
import { RECORD_SPELLING } from '../tags/spelling.ts'
import type { CapturedOutcome } from './captured-dependencies.ts'
import { createCollector } from './collector.ts'

/** A load whose reads are collected. */
export interface Capture {
  /** Runs the load so that its reads contribute to this capture. */
  run<T>(load: () => Promise<T>): Promise<T>
  /** Ends the capture. Reads that begin later, or have not ended, contribute nothing. */
  close(): CapturedOutcome
}

/** The captures of this process, as one cache sees them. */
export interface Captures {
  /** Loads of the process that are captured now. While there are none, a read need not ask. */
  readonly running: { count: number }
  /** See `Contribution.place`. */
  readonly place: unknown
  /** Begins a read. Undefined outside a captured load. */
  begin(operation: string): CapturedRead | undefined
  /** Notes something in a captured load that makes its value unfit to be stored. */
  refuse(refusal: Refusal): void
  start(): Capture
  /** Runs a load whose reads nobody collects. */
  ignore<T>(load: () => Promise<T>): Promise<T>
}

/** One for the process: the load may read through another cache, or another copy of this module. */
interface Shared {
  readonly running: { count: number }
  readonly storage: AsyncLocalStorage<Collector | undefined>
}

/** @param place what caches that use the same tags have in common. Undefined: this cache is the only one. */
export function createCaptures(place: string | undefined): Captures {
  const { running, storage } = processWide(
    'captures-v1',
    (): Shared => ({ running: { count: 0 }, storage: new AsyncLocalStorage() }),
  )
  const formatPlace = place === undefined ? {} : `${place} ${RECORD_SPELLING}`
  return {
    running,
    place: formatPlace,
    begin: (operation) => storage.getStore()?.begin(operation),
    refuse({ operation, ...refusal }) {
      storage.getStore()?.begin(operation).refuse(refusal)
    },
    start() {
      const { collector, close } = createCollector(formatPlace)
      running.count++
      return {
        run: (load) => storage.run(collector, load),
        close() {
          running.count--
          return close()
        },
      }
    },
    ignore: (load) => storage.run(undefined, load),
  }
}
