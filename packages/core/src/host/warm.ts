import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import type { ReadReport, Report } from '../report/report.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { StrictLoads } from '../tier/strict-loads.ts'

/** Options of `cache.warm`. */
export interface WarmOptions {
  /** How many functions run at once. A whole number of at least 1. Default 4. */
  concurrency?: number
  /** Called after each function has ended. An error that it throws becomes a process warning. */
  onProgress?: (progress: WarmProgress) => void
}

/** How far `cache.warm` has come, in functions. */
export interface WarmProgress {
  readonly done: number
  readonly total: number
}

/** What became of the functions of `cache.warm`: `total = loaded + hits + bypassed + failed`. */
export interface WarmResult {
  readonly total: number
  /** Functions whose reads are cached now, at least one of which was loaded. */
  readonly loaded: number
  /** Functions whose reads were all cached already. */
  readonly hits: number
  /** Functions with a read that is not cached now, for whatever reason, or without any read. */
  readonly bypassed: number
  /** Functions that threw or rejected. */
  readonly failed: number
  /** The errors of the first 100 functions that failed, each with the function's place in the array. */
  readonly errors: readonly WarmError[]
}

/** The error of one function of `cache.warm`. */
export interface WarmError {
  readonly index: number
  readonly error: unknown
}

/** What warming needs, wired by the composition root. */
export interface WarmDeps {
  readonly report: Pick<Report, 'explain'>
  readonly store: Pick<GuardedStore, 'stored'>
  readonly strictLoads: StrictLoads
  /** Entries that are about to be sent to the store. */
  readonly storing: ReadonlyMap<string, Promise<void>>
}

type WarmFunction = () => unknown
type Outcome = 'loaded' | 'hits' | 'bypassed' | 'failed'

const CONCURRENCY = 4
const MOST_ERRORS = 100

/** Runs reads so that their entries are there. Never rejects because of one of them. */
export async function warm(
  deps: WarmDeps,
  functions: readonly WarmFunction[],
  options: WarmOptions = {},
): Promise<WarmResult> {
  const { concurrency = CONCURRENCY, onProgress } = checked(functions, options)
  const counts = { loaded: 0, hits: 0, bypassed: 0, failed: 0 }
  const errors: WarmError[] = []
  const total = functions.length
  const progress = progressOf(total, onProgress)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < total) {
      const index = next++
      const outcome = await run(deps, functions[index] as WarmFunction).catch((error: unknown): Outcome => {
        if (errors.length < MOST_ERRORS) errors.push({ index, error })
        return 'failed'
      })
      counts[outcome]++
      progress()
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, total) }, worker))
  // The next process is to find the entries. Both waits end by themselves: each call of the store has a deadline.
  await Promise.all(deps.storing.values())
  await deps.store.stored()
  return { total, ...counts, errors: errors.sort((a, b) => a.index - b.index) }
}

async function run({ report, strictLoads }: WarmDeps, read: WarmFunction): Promise<Outcome> {
  const inside = strictLoads.isActive()
  // Reads inside the function of `wrap` do not count: the computed value is what is cached.
  const accepts = (): boolean => inside || !strictLoads.isActive()
  const { reads } = await report.explain(read, { accepts, warming: true })
  if (!reads.length || !reads.every(isCached)) return 'bypassed'
  return reads.some(({ source }) => source === 'database') ? 'loaded' : 'hits'
}

/** Whether the result of a read is cached now. A load that was stored names its lifetime; a shared one is another caller's. */
function isCached({ source, ttl, shared }: ReadReport): boolean {
  return source !== 'database' || ttl !== undefined || shared === true
}

function progressOf(total: number, onProgress: WarmOptions['onProgress']): () => void {
  let done = 0
  return () => {
    done++
    try {
      onProgress?.({ done, total })
    } catch (error) {
      process.emitWarning(`onProgress of larder's cache.warm threw: ${String(error)}`)
    }
  }
}

const OPTIONS: readonly string[] = ['concurrency', 'onProgress'] satisfies (keyof WarmOptions)[]

function checked(functions: readonly WarmFunction[], options: WarmOptions): WarmOptions {
  if (!Array.isArray(functions))
    throw mistake(
      `the first argument is ${show(functions)}: give an array of functions, such as [() => db.query…]`,
    )
  const index = functions.findIndex((read) => typeof read !== 'function')
  if (index >= 0) {
    const text = show(functions[index])
    throw mistake(`[${index}] is ${text}: give a function that makes the read, such as () => db.query…`)
  }
  if (typeof options !== 'object' || options === null)
    throw mistake(`options are ${show(options)}: give { concurrency: 4 }`)
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined) throw mistake(`there is no option ${unknown}: there are ${OPTIONS.join(', ')}`)
  const { concurrency, onProgress } = options
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency > 0))
    throw mistake(`concurrency is ${show(concurrency)}: give a whole number of at least 1`)
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw mistake(`onProgress is ${show(onProgress)}: give a function`)
  return options
}

function mistake(message: string): CacheError {
  return new CacheError('LARDER_CONFIG', `warm: ${message}`)
}
