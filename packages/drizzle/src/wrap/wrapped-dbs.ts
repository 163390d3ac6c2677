import { createObjectMetadata } from '../base/object-metadata.ts'
import type { CallOptions } from './call-options.ts'

/** How a wrapped db creates variants of itself. */
export interface WrappedDb {
  /** The same db with a policy for every read. A transaction returns itself, unless the call declares writes. */
  withPolicy(call: CallOptions | false): object
}

const wrappedDbs = createObjectMetadata<object, WrappedDb>()

/** Undefined for a db that Larder has not wrapped. */
export function wrappedDbOf(db: unknown): WrappedDb | undefined {
  return typeof db === 'object' && db !== null ? wrappedDbs.get(db) : undefined
}

export function registerWrapped(db: object, wrapped: WrappedDb): void {
  wrappedDbs.set(db, wrapped)
}
