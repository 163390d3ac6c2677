import { canonical } from '@larder/core/host'
import type { CallPolicy } from '../policy/policies.ts'
import type { DbParts, SessionParts } from '../versions/parts.ts'
import { sessionWriting } from './session.ts'
import type { TransactionRoom } from './transaction-deps.ts'
import { wrapDb } from './wrap-db.ts'
import { noteWrapped, wrappedOf } from './wrapped-dbs.ts'

/** Forms of a db kept for policies given per call. */
const MOST_FORMS = 200

/** Building a db costs tens of microseconds, so equal policies share one. */
export function formUnder(
  room: TransactionRoom,
  base: DbParts,
  forms: Map<string, DbParts>,
  call: CallPolicy,
): DbParts {
  const key = canonical(call)
  // A copy: the db outlives this call, and the caller may change the object.
  const made = forms.get(key) ?? wrapDb(room, base, call && { ...call })
  if (forms.size >= MOST_FORMS) forms.clear()
  forms.set(key, made)
  return made
}

/** A transaction under a call: itself, or a view of it whose raw statements write the tables that the call names. */
export function transactionUnder(tx: DbParts, call: CallPolicy): DbParts {
  const writes = call === false ? undefined : call.writes
  if (!writes) return tx
  const view = Object.create(tx) as { session: SessionParts; transaction: DbParts['transaction'] }
  view.session = sessionWriting(tx.session, writes)
  // In its savepoints, too.
  view.transaction = (body, config) => tx.transaction((inner) => body(transactionUnder(inner, call)), config)
  const wrapped = wrappedOf(tx)
  if (wrapped) noteWrapped(view, wrapped)
  return view as unknown as DbParts
}
