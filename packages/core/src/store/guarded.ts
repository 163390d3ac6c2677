import { CacheError } from '../base/errors.ts'

/** The outcome of a guarded call. `ok: false`: it failed, was late or was not made. It may have had its effect all the same. */
export type Guarded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** Not sent, because reads have found that the store does not answer. */
export const STOPPED: Extract<Guarded<never>, { readonly ok: false }> = {
  ok: false,
  error: new Error('the store did not answer the last reads'),
}

/** Not sent, because the cache is closed. */
export const CLOSED: typeof STOPPED = { ok: false, error: new Error('the cache is closed') }

/** True for keys that are moving between servers. The servers are well, and the next key may not be moving. */
export function isMoving({ error }: { readonly error: unknown }): boolean {
  return error instanceof CacheError && error.code === 'LARDER_STORE_MOVING'
}
