import { createNotes } from '../base/object-metadata.ts'
import type { CallOptions } from './call-options.ts'

/** How a db that is ours makes another form of itself. */
export interface Wrapped {
  /** The same db under a policy for every read. A transaction is its own, unless the call says what raw SQL writes. */
  under(call: CallOptions | false): object
}

const all = createNotes<object, Wrapped>()

export function isWrapped(db: object): boolean {
  return all.of(db) !== undefined
}

export function wrappedOf(db: unknown): Wrapped | undefined {
  return typeof db === 'object' && db !== null ? all.of(db) : undefined
}

export function noteWrapped(db: object, wrapped: Wrapped): void {
  all.put(db, wrapped)
}
