import { canonical } from './canonical.ts'
import { digest } from './digest.ts'
import type { ValueTypes } from './value-types.ts'

/** What all entries of one host on one cache have in common. */
export interface EntryKeyParts {
  /** Prefix of every key; at most 32 characters, no braces (checked by the configuration). */
  readonly namespace: string
  /** The application's version of its result shapes. */
  readonly version: string
  readonly database: string
  /** Host, dialect, driver, row-shape version, schema digest, search path, client-wide settings. */
  readonly identity: readonly unknown[]
  readonly types?: ValueTypes
}

/** What tells one read of a host from another. */
export interface EntryQuery {
  readonly operation: string
  readonly model: string
  readonly query: unknown
}

/** Where a result is stored, and the proof that the entry found there is of this very query. */
export interface EntryKey {
  /** `<namespace>:e:<22 characters>`: always shorter than 128 bytes. */
  readonly key: string
  readonly proof: string
}

/** Makes the entry keys of one host. */
export interface EntryKeys {
  /**
   * The key of a read under `scope` (tenant, region, role…; undefined is a scope of its own).
   * @throws CacheError `LARDER_UNENCODABLE` when scope or query hold what no key can carry.
   */
  of(scope: unknown, read: EntryQuery): EntryKey
}

// Counts up whenever the canonical text of some value changes: old entries are then simply not found.
const FORMAT = 1

/**
 * Binds entry keys to a host. The constant parts are encoded once; each key then costs the text of its query and
 * one hash.
 */
export function entryKeys(parts: EntryKeyParts): EntryKeys {
  const { namespace, version, database, identity, types } = parts
  // Both texts are closed lists, so their concatenation still tells every part apart.
  const constant = canonical([FORMAT, namespace, version, database, identity], types)
  const prefix = `${namespace}:e:`
  return {
    of(scope, read) {
      const { name, proof } = digest(
        `${constant}${canonical([scope, read.model, read.operation, read.query], types)}`,
      )
      return { key: `${prefix}${name}`, proof }
    },
  }
}
