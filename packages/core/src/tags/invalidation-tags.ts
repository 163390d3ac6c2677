import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'
import { holding, type KnownDatabase } from '../plan/known-databases.ts'
import type { ColumnValue } from '../plan/plan.ts'
import type { Table } from '../plan/table.ts'
import { cellName, namedKeys, recordName, userTagName } from './spelling.ts'
import { own, tuplesOf } from './value.ts'
import { merge, type WriteTag } from './write-tags.ts'

/** What `cache.invalidate` invalidates. Tables and columns have their physical names, tables without schema and in any case. */
export interface InvalidateRequest {
  /** Every cached read of these tables. */
  tables?: readonly string[]
  /** Cached reads that could contain these rows. `key` has all columns of a primary, unique, foreign or declared lookup key. */
  rows?: readonly { readonly table: string; readonly key: Readonly<Record<string, ColumnValue>> }[]
  /** Entries that carry one of these tags. */
  tags?: readonly string[]
  /** Every entry of the cache. */
  all?: true
}

/**
 * Returns the tags to which an explicit invalidation gives new nonces. Pure.
 * @throws CacheError naming the table or column that no attached client knows.
 */
export function tagsOfInvalidation(
  namespace: string,
  databases: readonly KnownDatabase[],
  request: InvalidateRequest,
): readonly WriteTag[] {
  check(request)
  const tags: WriteTag[] = []
  for (const table of request.tables ?? [])
    for (const { database } of holding(databases, table)) tags.push(whole(namespace, database, table))
  for (const row of request.rows ?? [])
    for (const database of holding(databases, row.table))
      tags.push(ofRow(namespace, database, row.table, row.key))
  for (const tag of request.tags ?? []) tags.push(ofUserTag(namespace, tag))
  return merge(tags)
}

const texts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
const SHAPES: { readonly [K in keyof Required<InvalidateRequest>]: (value: unknown) => boolean } = {
  tables: texts,
  tags: texts,
  rows: (value) =>
    Array.isArray(value) && value.every((row) => typeof row?.table === 'string' && isObject(row.key)),
  all: (value) => value === true,
}

/** Without these checks, a misspelt name or a bare string would invalidate nothing. */
function check(request: InvalidateRequest): void {
  const fix = `give { tables: ['…'] }, { rows: [{ table, key }] }, { tags: ['…'] } or { all: true }`
  if (!isObject(request))
    throw new CacheError('LARDER_CONFIG', `invalidate: the request is ${show(request)}: ${fix}`)
  for (const [name, value] of Object.entries(request)) {
    if (!Object.hasOwn(SHAPES, name))
      throw new CacheError('LARDER_CONFIG', `invalidate has no option ${name}: ${fix}`)
    if (value !== undefined && !SHAPES[name as keyof InvalidateRequest](value))
      throw new CacheError('LARDER_CONFIG', `invalidate: ${name} is ${show(value)}: ${fix}`)
  }
  // An empty list may come from a program. A request without any list is a mistake.
  if (Object.values(request).every((value) => value === undefined))
    throw new CacheError('LARDER_CONFIG', `invalidate: the request names nothing: ${fix}`)
}

/** It knows no key, so every field of the record gets a new nonce. */
function whole(namespace: string, database: string, table: string): WriteTag {
  const record = recordName(namespace, database, table)
  return { table: table.toLowerCase(), record, known: [], unknown: new Set(), cells: new Set() }
}

/** `list`, the cells of the given values, and every field of another key get new nonces. */
function ofRow(
  namespace: string,
  database: KnownDatabase,
  name: string,
  values: Readonly<Record<string, ColumnValue>>,
): WriteTag {
  const base = whole(namespace, database.database, name)
  const columns = Object.keys(values).sort().join(',')
  const keys = database.tables.flatMap((tables) => namedKeys(tables.get(name.toLowerCase()) ?? NO_TABLE))
  const matching = keys.filter((key) => key.columns.map((column) => column.name).join(',') === columns)
  if (!matching.length) {
    const keyTexts = [...new Set(keys.map((key) => key.columns.map((column) => column.name).join(' + ')))]
    throw new CacheError(
      'LARDER_CONFIG',
      `${columns || 'nothing'} is no lookup key of ${name}: give ${keyTexts.join(', or ') || 'tables instead, no keys are known'}`,
    )
  }
  const cells = matching.flatMap((key) => {
    const rows = tuplesOf(key.columns, (column) => [own(values, column.name)])
    if (!rows)
      throw new CacheError(
        'LARDER_CONFIG',
        `the key given for ${name} (${columns}) is null or of another type than its columns`,
      )
    return rows.tuples.map((tuple) => cellName(base.record, key, tuple))
  })
  return { ...base, known: matching.map((key) => key.name), cells: new Set(cells) }
}

function ofUserTag(namespace: string, tag: string): WriteTag {
  const record = userTagName(namespace, tag)
  return { table: `#${tag}`, record, known: [], unknown: new Set(), cells: new Set([record]) }
}

const NO_TABLE: Table = { name: '', columns: [], keys: [], foreignKeys: [], touches: [], reads: [] }
