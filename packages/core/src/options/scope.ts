import { CacheError } from '../base/errors.ts'
import type { Events } from '../report/events.ts'

/** Who a read is for, or that it cannot be told. */
export type Scope = { readonly kind: 'known'; readonly value: unknown } | { readonly kind: 'failed' }

/**
 * Asks the application for the scope of the read at hand.
 * @throws CacheError `LARDER_SCOPE_REQUIRED` when it is undefined and required.
 */
export type ScopeOf = () => Scope

/** Of every read where the application has no scopes. */
export const UNSCOPED: Scope = { kind: 'known', value: undefined }

/**
 * A scope function that throws costs the cache, not the query: the read bypasses, with a warning event. Undefined: there
 * is nothing to ask, all reads are {@link UNSCOPED}.
 */
export function scopeReader(
  scope: (() => unknown) | undefined,
  required: boolean,
  events: Events,
): ScopeOf | undefined {
  if (!scope && !required) return undefined
  return () => {
    let value: unknown
    try {
      value = scope?.()
    } catch (error) {
      events.emit('warning', { code: 'scope-threw', message: `the scope function threw: ${String(error)}` })
      return { kind: 'failed' }
    }
    if (value === undefined && required)
      throw new CacheError(
        'LARDER_SCOPE_REQUIRED',
        'this read has no scope and requireScope is true: run it where the scope function returns a value, or read through $cached(false)',
      )
    return { kind: 'known', value }
  }
}
