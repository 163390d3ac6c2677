import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import type { Pause } from '../options/pause.ts'
import type { GuardedStore } from '../store/guard.ts'

/** Options of `cache.pause` and `cache.resume`. */
export interface PauseOptions {
  /**
   * `true`: every process whose cache has this namespace and store, within two seconds. Processes that start later are paused
   * as well. Default `false`: this process only, at once.
   */
  fleet?: boolean
}

/** The part of a cache that switches it off and on again while the program runs. */
export interface PauseControls {
  /**
   * Pauses the cache in this process at once: reads go to the database with the reason `'disabled'`, and nothing is stored.
   * Writes still invalidate, so the cache is as fresh as ever when you resume it. Does nothing more if it is paused already,
   * but keeps the new reason.
   *
   * With `{ fleet: true }` it pauses every process whose cache has this namespace and store, within two seconds, and
   * processes that start later. It then returns a promise that resolves when the store has acknowledged the pause.
   * @param reason shown by {@link pauseReason} and in the `paused` warning; at most 500 characters of it are kept.
   * @throws CacheError `LARDER_CONFIG` for a wrong argument.
   * @throws CacheError `LARDER_STORE` (rejects) if the store does not acknowledge in time: it may be paused all the same.
   * @example
   * ```ts
   * cache.pause('comparing with the database')
   * await cache.pause('incident 4711', { fleet: true })
   * ```
   */
  pause(reason?: string, options?: { fleet?: false }): void
  pause(reason: string | undefined, options: { fleet: true }): Promise<void>
  pause(reason?: string, options?: PauseOptions): void | Promise<void>
  /**
   * Ends the pause of this process, which `pause` or `enabled: false` began. With `{ fleet: true }` it ends the pause of the
   * fleet instead, and returns a promise that resolves when the store has acknowledged that. The cache serves reads again
   * when neither pause is left. Does nothing if there is none.
   * @throws CacheError `LARDER_CONFIG` for a wrong argument.
   * @throws CacheError `LARDER_STORE` (rejects) if the store does not acknowledge in time.
   * @example
   * ```ts
   * cache.resume()
   * await cache.resume({ fleet: true })
   * ```
   */
  resume(options?: { fleet?: false }): void
  resume(options: { fleet: true }): Promise<void>
  resume(options?: PauseOptions): void | Promise<void>
  /** `true` while this process or the fleet is paused. */
  readonly paused: boolean
  /** Why the cache is paused. The reason of the fleet comes first. Undefined if it is not paused, or if nobody gave a reason. */
  readonly pauseReason: string | undefined
}

/** Every process reads the reason from the store each second. */
const LONGEST_REASON = 500

export function createPauseControls(
  pause: Pause,
  store: Pick<GuardedStore, 'pause' | 'resume'>,
): Pick<PauseControls, 'pause' | 'resume'> {
  const begin = (reason?: string, options?: PauseOptions): void | Promise<void> => {
    if (reason !== undefined && typeof reason !== 'string')
      throw new CacheError(
        'LARDER_CONFIG',
        `pause: the reason is ${show(reason)}: give a text first, such as pause('a reason', { fleet: true })`,
      )
    const text = (reason ?? '').slice(0, LONGEST_REASON)
    if (forFleet(options, 'pause')) return store.pause(text)
    pause.begin(text)
  }
  const end = (options?: PauseOptions): void | Promise<void> => {
    if (forFleet(options, 'resume')) return store.resume()
    pause.end()
  }
  return { pause: begin as PauseControls['pause'], resume: end as PauseControls['resume'] }
}

/** A misspelt option would pause this process alone. */
function forFleet(options: PauseOptions | undefined, method: string): boolean {
  if (options === undefined) return false
  if (typeof options !== 'object' || options === null)
    throw new CacheError('LARDER_CONFIG', `${method}: options are ${show(options)}: give { fleet: true }`)
  const unknown = Object.keys(options).find((name) => name !== 'fleet')
  if (unknown !== undefined)
    throw new CacheError('LARDER_CONFIG', `${method} has no option ${unknown}: there is fleet`)
  const { fleet = false } = options
  if (typeof fleet !== 'boolean')
    throw new CacheError('LARDER_CONFIG', `${method}: fleet is ${show(fleet)}: give true or false`)
  return fleet
}
