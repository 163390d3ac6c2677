import { createHash } from 'node:crypto'
import { relationField } from './relation.js'
import { readSource } from './source.js'

/** @import { DMMF } from '@prisma/generator-helper' */

/** Providers whose tables, keys and actions Larder knows. */
const PROVIDERS = new Set(['postgresql', 'postgres', 'cockroachdb', 'mysql', 'sqlite', 'sqlserver'])

/**
 * The datamodel Larder needs, from what Prisma hands to a generator. Throws where the provider has no tables.
 * @param {DMMF.Document['datamodel']} dmmf
 * @param {{ provider: string, activeProvider?: string } | undefined} datasource
 * @param {string} source text of the schema: the DMMF says neither what is a view nor the relation mode
 */
export function toDatamodel(dmmf, datasource, source) {
  const provider = datasource?.activeProvider ?? datasource?.provider ?? 'none'
  if (!PROVIDERS.has(provider)) {
    throw new Error(
      `larder-prisma: the provider '${provider}' is not supported. Larder invalidates by tables, keys and foreign keys, so it needs one of: ${[...PROVIDERS].join(', ')}. Remove the generator 'larder-prisma' from this schema.`,
    )
  }
  const { views, relationMode } = readSource(source)
  const models = Object.fromEntries(dmmf.models.map((model) => [model.name, toModel(model, dmmf, views)]))
  const enums = Object.fromEntries(
    dmmf.enums.map((type) => [
      type.name,
      Object.fromEntries(type.values.map((value) => [value.name, value.dbName ?? value.name])),
    ]),
  )
  const content = { version: 1, provider, relationMode, models, enums }
  return {
    version: 1,
    provider,
    relationMode,
    source: digestOfText(source),
    digest: digestOf(content),
    models,
    enums,
  }
}

function toModel(model, dmmf, views) {
  const fields = {}
  for (const field of model.fields) {
    // Columns of unsupported types are outside the client: it neither reads nor writes them.
    if (field.kind === 'unsupported') continue
    fields[field.name] =
      field.kind === 'object' ? relationField(model, field, dmmf) : scalarField(model, field)
  }
  return {
    table: model.dbName ?? model.name,
    schema: model.schema ?? null,
    view: views.has(model.name),
    fields,
    primary: primaryOf(model).filter((name) => name in fields),
    uniques: uniquesOf(model).filter((unique) => unique.fields.every((name) => name in fields)),
  }
}

function scalarField(model, field) {
  const updatedAt = field.isUpdatedAt === true
  return {
    kind: field.kind,
    type: field.type,
    column: field.dbName ?? field.name,
    list: field.isList,
    required: field.isRequired,
    hasDefault: field.hasDefaultValue || updatedAt,
    updatedAt,
    native: field.nativeType?.[0] ?? null,
    ...(isGenerated(model, field) ? { generated: true } : {}),
  }
}

/**
 * A generated column is introspected as `@default(dbgenerated("expression"))`, like any default the schema
 * language cannot say. Only a generated one can name other columns; a default cannot.
 */
function isGenerated(model, field) {
  const value = field.default
  if (typeof value !== 'object' || value === null || value.name !== 'dbgenerated') return false
  const expression = String(value.args?.[0] ?? '').toLowerCase()
  if (expression === '' || /\bon\s+update\b/.test(expression)) return true
  const words = new Set(expression.replace(/'(?:[^']|'')*'/g, '').match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? [])
  const names = model.fields.map((other) => (other.dbName ?? other.name).toLowerCase())
  return names.some((name) => words.has(name) || expression.includes(`"${name}"`))
}

function primaryOf(model) {
  if (model.primaryKey !== null && model.primaryKey !== undefined) return [...model.primaryKey.fields]
  return model.fields.filter((field) => field.isId).map((field) => field.name)
}

// Partial unique indexes are in neither list: Prisma does not offer them in `where`, and they are no keys.
function uniquesOf(model) {
  const single = model.fields.filter((field) => field.isId || field.isUnique).map((field) => [field.name])
  const compound = [...(model.primaryKey ? [model.primaryKey] : []), ...model.uniqueIndexes]
  const all = [
    ...single.map((fields) => ({ name: fields[0], fields })),
    ...compound.map((key) => ({ name: nameInWhere(key), fields: [...key.fields] })),
  ]
  return all.filter((unique, index) => all.findIndex((other) => other.name === unique.name) === index)
}

/** `@@unique([email], name: "x")` is still `where: { email }`: the name of a key of one field is not used. */
function nameInWhere({ name, fields }) {
  return fields.length === 1 ? fields[0] : (name ?? fields.join('_'))
}

/** SHA-256 of the content with its keys sorted: the order of models and fields in the schema does not matter. */
function digestOf(content) {
  return createHash('sha256').update(canonical(content)).digest('hex')
}

/**
 * White space, comment lines, generators and the order of files do not count. `prismaCache` digests the text inside
 * the client in the same way.
 */
function digestOfText(source) {
  const lines = source
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^\s*generator\s+\w+\s*\{[^}]*\}/gm, '')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
  const text = lines.sort().join('\n')
  return createHash('sha256').update(text).digest('hex')
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.keys(value).sort()
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`
}
