import { canonical } from '@larder/core/host'
import type { CallPolicy } from '../policy/policies.ts'
import type { DbParts, SessionParts } from '../versions/parts.ts'
import { withWritesTo } from './session.ts'
import { wrapDb } from './wrap-db.ts'
import type { WrapDeps } from './wrap-deps.ts'
import { registerWrapped, wrappedDbOf } from './wrapped-dbs.ts'

/** How many variants of a db are kept. */
const MAX_VARIANTS = 200

/** A db with a call policy. Creating one takes tens of microseconds, so equal policies share one. */
export function variantFor(
  deps: WrapDeps,
  base: DbParts,
  variants: Map<string, DbParts>,
  call: CallPolicy,
): DbParts {
  const key = canonical(call)
  // A copy, because the variant outlives this call and the caller may change the object.
  const variant = variants.get(key) ?? wrapDb(deps, base, call && { ...call })
  if (variants.size >= MAX_VARIANTS) variants.clear()
  variants.set(key, variant)
  return variant
}

/** A transaction with a call policy: itself, or a view whose raw statements also write the tables that the call declares. */
export function transactionFor(tx: DbParts, call: CallPolicy): DbParts {
  const writes = call === false ? undefined : call.writes
  if (!writes) return tx
  const view = Object.create(tx) as { session: SessionParts; transaction: DbParts['transaction'] }
  view.session = withWritesTo(tx.session, writes)
  // Also in its savepoints.
  view.transaction = (body, config) => tx.transaction((inner) => body(transactionFor(inner, call)), config)
  const wrapped = wrappedDbOf(tx)
  if (wrapped) registerWrapped(view, wrapped)
  return view as unknown as DbParts
}
