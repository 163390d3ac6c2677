import { CacheError } from '@larder/core'
import type { Table } from '@larder/core/host'
import type { Datamodel } from '../datamodel.ts'
import { bareName } from '../relation.ts'

/** What the user says about a model's table that no schema can: by policy option. */
export interface TableExtras {
  /** Column sets to pin reads by, as field names. */
  readonly lookupKeys?: readonly (readonly string[])[]
  /** Tables the triggers of this table write, as model or table names. */
  readonly touches?: readonly string[]
  /** Tables this view reads, as model or table names. */
  readonly reads?: readonly string[]
}

/** {@link TableExtras} by model name. */
export type Extras = Readonly<Record<string, TableExtras>>

/** Refuses extras of a model that there is not. */
export function checkModels(datamodel: Datamodel, extras: Extras): void {
  const names = Object.keys(datamodel.models)
  const unknown = Object.keys(extras).find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new CacheError(
    'LARDER_UNKNOWN_MODEL',
    `models.${unknown}: there is no such model. Models: ${names.join(', ')}. If the schema changed, run \`prisma generate\`.`,
  )
}

/** The tables with `touches` and `reads` filled in. A declared table that is not among them is refused. */
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

/** A name may be a model, a table or both, of different things: then it means both. */
function resolved(
  tables: ReadonlyMap<string, Table>,
  datamodel: Datamodel,
  option: string,
  name: string,
): readonly string[] {
  const model = Object.hasOwn(datamodel.models, name) ? datamodel.models[name] : undefined
  const found = new Set(model === undefined ? [] : [bareName(model.table)])
  // `public.orders` is `orders`: a tag has no schema name.
  const bare = bareName(name.slice(name.lastIndexOf('.') + 1))
  if (tables.has(bare)) found.add(bare)
  if (found.size > 0) return [...found]
  throw new CacheError(
    'LARDER_UNKNOWN_TABLE',
    `${option}: there is no table or model '${name}'. Tables: ${[...tables.keys()].join(', ')}.`,
  )
}

function union(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])]
}
