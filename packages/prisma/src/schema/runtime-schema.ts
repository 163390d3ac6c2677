import { createHash } from 'node:crypto'
import { CacheError } from '@larder/core'
import type { ForeignKey, Schema, Table } from '@larder/core/host'
import {
  activeProvider,
  type RuntimeField,
  type RuntimeModels,
  runtimeModels,
  schemaText,
} from '../internals.ts'
import type { Datamodel, DatamodelField, DatamodelModel } from './datamodel.ts'
import { bareName } from './relation.ts'
import { checkModels, declared, type Extras } from './tables/declared.ts'

/**
 * Derives a datamodel from a client. It has tables, columns and relations, but no keys, arity or actions: `primary`, `uniques`,
 * `fields` and `references` are empty. Use it only with `modelMapOf(datamodel, false)` and {@link runtimeSchema}.
 */
export function runtimeDatamodel(client: unknown): Datamodel {
  const runtime = runtimeModels(client)
  // The client does not distinguish views from tables. Reads of a view must not outlive writes to the tables that it reads.
  const views = new Set([...schemaText(client).matchAll(/^[ \t]*view[ \t]+(\w+)/gm)].map((match) => match[1]))
  const models = Object.fromEntries(
    Object.entries(runtime).map(([name, model]): [string, DatamodelModel] => {
      const fields = Object.fromEntries(
        model.fields.map((field) => [field.name, fieldOf(runtime, name, field)]),
      )
      const schema = model.schema ?? null
      return [
        name,
        { table: model.dbName ?? name, schema, view: views.has(name), fields, primary: [], uniques: [] },
      ]
    }),
  )
  const digest = createHash('sha256').update(JSON.stringify(runtime)).digest('hex')
  return {
    version: 1,
    provider: activeProvider(client),
    relationMode: 'foreignKeys',
    digest,
    models,
    enums: {},
  }
}

/**
 * Returns the tables of a client without a datamodel. They have no keys, and a write to one table also changes every table that is
 * connected to it by relations. `touches` and `reads` apply.
 * @throws CacheError `LARDER_CONFIG` for `lookupKeys`, which need a datamodel.
 */
export function runtimeSchema(client: unknown, extras: Extras = {}): Schema {
  const datamodel = runtimeDatamodel(client)
  checkModels(datamodel, Object.keys(extras))
  refuseLookupKeys(extras)
  const reach = new Map<string, Set<string>>()
  for (const model of Object.values(datamodel.models)) connect(reach, datamodel, model)
  const tables = new Map<string, Table>()
  for (const [name, others] of reach) {
    const foreignKeys = [...others].map(reaching)
    tables.set(name, { name, columns: [], keys: [], foreignKeys, touches: [], reads: [] })
  }
  return { tables: declared(tables, datamodel, extras) }
}

/** The client does not show which table holds a foreign key, so both tables and a join table are connected in all directions. */
function connect(reach: Map<string, Set<string>>, datamodel: Datamodel, model: DatamodelModel): void {
  const link = (first: string, second: string): void => {
    for (const [from, to] of [
      [first, second],
      [second, first],
    ] as const) {
      reach.set(from, (reach.get(from) ?? new Set()).add(to))
    }
  }
  const table = bareName(model.table)
  if (!reach.has(table)) reach.set(table, new Set())
  for (const field of Object.values(model.fields)) {
    const target = field.kind === 'relation' ? datamodel.models[field.model] : undefined
    if (field.kind !== 'relation' || target === undefined) continue
    link(table, bareName(target.table))
    link(table, bareName(`_${field.relation}`))
  }
}

function reaching(table: string): ForeignKey {
  return { columns: [], table, references: [], onDelete: 'cascade', onUpdate: 'cascade' }
}

function fieldOf(models: RuntimeModels, model: string, field: RuntimeField): DatamodelField {
  if (field.kind !== 'object') {
    return {
      kind: field.kind === 'enum' ? 'enum' : 'scalar',
      type: field.type,
      column: field.dbName ?? field.name,
      list: false,
      required: false,
      hasDefault: true,
      updatedAt: false,
      native: null,
    }
  }
  const relation = field.relationName ?? field.name
  const opposite = models[field.type]?.fields.find(
    (other) =>
      other.relationName === field.relationName && !(field.type === model && other.name === field.name),
  )
  return {
    kind: 'relation',
    model: field.type,
    relation,
    opposite: opposite?.name ?? '',
    list: false,
    required: false,
    fields: [],
    references: [],
  }
}

function refuseLookupKeys(extras: Extras): void {
  const model = Object.keys(extras).find((name) => (extras[name]?.lookupKeys ?? []).length > 0)
  if (model === undefined) return
  throw new CacheError(
    'LARDER_CONFIG',
    `models.${model}.lookupKeys needs \`datamodel\`: without it no column is known well enough to pin by. Add the generator \`larder-prisma\` and pass its datamodel.`,
  )
}
