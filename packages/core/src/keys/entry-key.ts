import { type Bounded, createBounded } from '../base/bounded-map.ts'
import { ownText } from '../base/own-text.ts'
import { canonical } from './canonical.ts'
import type { Connection, ConnectionSource } from './connection.ts'
import { digest } from './digest.ts'
import { createQueryMap } from './query-map.ts'
import type { ValueTypes } from './value-types.ts'

/** What all entries of one host on one cache have in common. */
export interface EntryKeyParts {
  /** Prefix of every key; at most 32 characters, no braces (checked by the configuration). */
  readonly namespace: string
  /** The application's version of its result shapes. */
  readonly version: string
  readonly database: string
  /** Host, dialect, driver, row-shape version, schema digest, connection, client-wide settings. */
  readonly identity: readonly unknown[]
  readonly types?: ValueTypes
}

/** Entry keys whose connection is known. */
export interface ConstantEntryKeys extends EntryKeys {
  of(scope: unknown, read: EntryQuery): EntryKey
  family(): object
}

/** What tells one read of a host from another. */
export interface EntryQuery {
  readonly operation: string
  readonly model: string
  readonly query: unknown
  /** Of `query`, if it is known. */
  readonly queryText?: string | undefined
}

/** Where a result is stored, and the proof that the entry found there is of this very query. */
export interface EntryKey {
  /** `<namespace>:e:<22 characters>`: always shorter than 128 bytes. */
  readonly key: string
  readonly proof: string
  /** The same object in all keys of one connection, as {@link EntryKeys.family} returns it. */
  readonly family?: object
  /** What is known of the reads of this key, as long as the key is remembered. Null: it is not. */
  known?: object | null | undefined
}

/** Makes the entry keys of one host. */
export interface EntryKeys {
  /**
   * The key of a read under `scope` (tenant, region, role…; undefined is a scope of its own). Undefined while it is not
   * known which database the host is connected to.
   * @throws CacheError `LARDER_UNENCODABLE` when scope or query hold what no key can carry.
   */
  of(scope: unknown, read: EntryQuery): EntryKey | undefined
  /** What all keys made now have in common. A result is stored only if this is what it was when its key was made. */
  family(): object | undefined
}

// Counts up whenever the canonical text of some value changes: old entries are then simply not found.
const FORMAT = 2

/** What the keys of one operation begin with, without a scope. */
interface Head {
  readonly text: string
  /** Stands for the operation in this process. */
  readonly number: number
}

/** Of one model. A host's operations, or statements, are some hundreds. */
const MOST_HEADS = 2_000
/** Longer texts are hashed every time: remembering them would cost more memory than their keys are worth. */
const LONGEST_REMEMBERED = 512

/**
 * Binds entry keys to a host. The constant parts are encoded once; each key then costs the text of its query and,
 * unless it is one of the `most` remembered, one hash.
 */
export function entryKeys(parts: EntryKeyParts, most = 0): ConstantEntryKeys {
  const { namespace, version, database, identity, types } = parts
  // Lists and values end where they end, so the texts of several one after the other still tell every part apart.
  const constant = canonical([FORMAT, namespace, version, database, identity], types)
  const prefix = `${namespace}:e:`
  const family = {}
  const keyOf = (text: string, isRemembered: boolean): EntryKey => {
    const { name, proof } = digest(`${constant}${text}`)
    return { key: ownText(`${prefix}${name}`), proof, family, known: isRemembered ? undefined : null }
  }
  const heads = new Map<string, Bounded<Head>>()
  let headCount = 0
  const headOf = ({ model, operation }: EntryQuery): Head => {
    const ofModel = heads.get(model) ?? createBounded<Head>(MOST_HEADS)
    const remembered = ofModel.recent.get(operation) ?? ofModel.get(operation)
    if (remembered) return remembered
    const head = { text: canonical([undefined, model, operation], types), number: headCount++ }
    ofModel.set(operation, head)
    heads.set(model, ofModel)
    return head
  }
  const remembered = createQueryMap<EntryKey>(most)
  // Of what does not fit in there, for example dates.
  const rememberedTexts = createBounded<EntryKey>(most)
  return {
    family: () => family,
    of(scope, read) {
      const { model, operation, query, queryText } = read
      const head = headOf(read)
      const parts = [head.number, scope, queryText !== undefined, queryText ?? query]
      const known = most ? remembered.get(parts) : undefined
      if (known) return known
      const start = scope === undefined ? head.text : canonical([scope, model, operation], types)
      const text = queryText ?? canonical(query, types)
      const name = `${scope === undefined ? `${head.number}:` : start}${text}`
      const isShort = most > 0 && name.length <= LONGEST_REMEMBERED
      const key = (isShort && rememberedTexts.get(name)) || keyOf(`${start}${text}`, isShort)
      if (isShort && !remembered.set(parts, key)) rememberedTexts.set(name, key)
      return key
    },
  }
}

/**
 * Entry keys of a client, by what its connection is at each read: a parser set later, or a variable of the environment,
 * makes other keys from then on. `keysOf` makes the keys of one connection; `onChange` is called with each one.
 */
export function connectionKeys(
  first: ConnectionSource,
  keysOf: (connection: Connection) => EntryKeys,
  onChange: (connection: Connection) => void,
): EntryKeys {
  let source = first
  let connection: Connection | undefined
  let keys: EntryKeys | undefined
  const now = (thorough: boolean): EntryKeys | undefined => {
    if (source.instead) source = source.instead
    const current = source.current(thorough)
    if (current === connection) return keys
    connection = current
    keys = current && keysOf(current)
    if (current) onChange(current)
    return keys
  }
  return {
    of: (scope, read) => now(false)?.of(scope, read),
    family: () => now(true)?.family(),
  }
}
