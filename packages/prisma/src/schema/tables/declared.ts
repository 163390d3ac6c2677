import { CacheError } from '@larder/core'
import type { Table } from '@larder/core/host'
import type { Datamodel } from '../datamodel.ts'
import { bareName } from '../relation.ts'

/** What policies declare about a model's table, because the schema does not contain it. */
export interface TableExtras {
  /** Further sets of fields that pin reads. */
  readonly lookupKeys?: readonly (readonly string[])[]
  /** Tables that triggers of this table write to, by model or table name. */
  readonly touches?: readonly string[]
  /** Tables that this view reads, by model or table name. */
  readonly reads?: readonly string[]
}

/** {@link TableExtras} by model name. */
export type Extras = Readonly<Record<string, TableExtras>>

/**
 * @param models the keys of `models` as the user wrote them.
 * @throws CacheError `LARDER_UNKNOWN_MODEL` for a model that the datamodel does not have.
 */
export function checkModels(datamodel: Datamodel, models: readonly string[]): void {
  const names = Object.keys(datamodel.models)
  const unknown = models.find((name) => name !== '*' && !names.includes(name))
  if (unknown === undefined) return
  const meant = names.find(
    (name) =>
      name.toLowerCase() === unknown.toLowerCase() || datamodel.models[name]?.table === unknown.toLowerCase(),
  )
  throw new CacheError(
    'LARDER_UNKNOWN_MODEL',
    `models.${unknown}: the datamodel has no model '${unknown}'${meant ? `: give ${meant}` : ''}. It has ${names.join(', ')}. If the schema has changed, run \`prisma generate\`.`,
  )
}

/** Adds `touches` and `reads` to the tables. @throws CacheError `LARDER_UNKNOWN_TABLE` for a table that is not among them. */
export function declared(
  tables: ReadonlyMap<string, Table>,
  datamodel: Datamodel,
  extras: Extras,
): ReadonlyMap<string, Table> {
  const result = new Map(tables)
  for (const [name, extra] of Object.entries(extras)) {
    const table = result.get(bareName(datamodel.models[name]?.table ?? name))
    if (table === undefined) continue
    const resolve = (option: 'touches' | 'reads'): readonly string[] =>
      (extra[option] ?? []).flatMap((other) => resolved(tables, datamodel, `models.${name}.${option}`, other))
    const touches = union(table.touches, resolve('touches'))
    const reads = union(table.reads, resolve('reads'))
    result.set(table.name, { ...table, touches, reads })
  }
  return result
}

/** Returns the tables that a name means. It may be a model and another table at once, and then means both. */
function resolved(
  tables: ReadonlyMap<string, Table>,
  datamodel: Datamodel,
  option: string,
  name: string,
): readonly string[] {
  const model = Object.hasOwn(datamodel.models, name) ? datamodel.models[name] : undefined
  const names = new Set(model === undefined ? [] : [bareName(model.table)])
  // `public.orders` is `orders`: a tag has no schema name.
  const bare = bareName(name.slice(name.lastIndexOf('.') + 1))
  if (tables.has(bare)) names.add(bare)
  if (names.size > 0) return [...names]
  throw new CacheError(
    'LARDER_UNKNOWN_TABLE',
    `${option}: there is no table or model '${name}'. Tables: ${[...tables.keys()].join(', ')}.`,
  )
}

function union(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])]
}
