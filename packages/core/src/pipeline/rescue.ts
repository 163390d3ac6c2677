import { CacheError } from '../base/errors.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import {
  type CachedRead,
  type DecideDeps,
  type EntryRead,
  isExpired,
  type PlannedRead,
  serveExpired,
} from './decide.ts'
import type { Outage } from './outage.ts'
import { NOT_NOW } from './refreshes.ts'

/** What serving expired entries during an outage needs. */
export interface RescueDeps extends DecideDeps {
  readonly outage: Outage
}

/**
 * Serves the expired entry instead of asking a database that could not be reached a moment ago. Undefined: ask it.
 * @param lookedUp the result of its look-up, if there is one.
 */
export function serveDuringOutage(
  deps: RescueDeps,
  cachedRead: CachedRead<PlannedRead>,
  lookedUp: LookUpResult | undefined,
): { readonly value: unknown } | undefined {
  if (!deps.outage.active || !lookedUp || !isExpired(lookedUp)) return undefined
  // Asked last: whoever may ask is the one that finds out whether the database answers again.
  if (!mustNotAsk(deps, cachedRead)) return undefined
  return serveExpired(deps, cachedRead, lookedUp, cachedRead.policy.staleIfError)
}

/** True if a load that an expired entry can stand in for must not be sent to the database now. */
export function mustNotAsk({ outage }: RescueDeps, { policy }: EntryRead<PlannedRead>): boolean {
  return policy.staleIfError > 0 && outage.active && !outage.mayAsk()
}

/**
 * Serves the expired entry after a load has failed because the database cannot be reached, or because its queue of loads is
 * full. Undefined: pass the error on.
 */
export function rescue(
  deps: RescueDeps,
  entryRead: EntryRead<PlannedRead>,
  lookedUp: LookUpResult | undefined,
  error: unknown,
): { readonly value: unknown } | undefined {
  const { staleIfError } = entryRead.policy
  if (!staleIfError) return undefined
  const { outage } = deps
  if (isUnreachable(entryRead.plan, error)) outage.failed(error)
  else if (!isUnsent(error)) outage.answered()
  if (!outage.active && !isOverloaded(error)) return undefined
  return lookedUp && serveExpired(deps, entryRead, lookedUp, staleIfError)
}

/** True if the query was not sent: this says nothing of the database. */
function isUnsent(error: unknown): boolean {
  return error === NOT_NOW || error instanceof CacheError
}

/** True if the loads that run keep the query from being sent: the database has not answered them in time. */
function isOverloaded(error: unknown): boolean {
  return error instanceof CacheError && error.code === 'LARDER_OVERLOADED'
}

/** False if the host's function throws: nothing is proven then. */
function isUnreachable({ unreachable }: PlannedRead, error: unknown): boolean {
  try {
    return unreachable?.(error) === true
  } catch {
    return false
  }
}
