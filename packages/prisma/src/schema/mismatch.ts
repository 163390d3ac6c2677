import { createHash } from 'node:crypto'
import { CacheError } from '@larder/core'
import { type RuntimeModel, runtimeModels, schemaText } from '../internals.ts'
import type { Datamodel } from './datamodel.ts'

/**
 * Refuses, with `LARDER_DATAMODEL_MISMATCH`, a datamodel that another version of Larder wrote or that belongs to
 * another client: pins of the wrong schema would let stale rows live.
 */
export function checkDatamodel(datamodel: Datamodel, client: unknown): void {
  const version: unknown = datamodel.version
  if (version !== 1) throw mismatch(`it has version ${String(version)}, and this Larder reads version 1`)
  const models = runtimeModels(client)
  const names = new Set([...Object.keys(datamodel.models), ...Object.keys(models)])
  for (const name of names) {
    const difference = differenceOf(name, datamodel, models[name])
    if (difference !== undefined) throw mismatch(difference)
  }
  // Keys and actions are not in the client: only its schema's text shows that they are the same.
  const text = schemaText(client)
  if (text && datamodel.source !== undefined && digestOfText(text) !== datamodel.source)
    throw mismatch('it was made from another version of the schema')
}

/** The digest that the generator makes. It ignores white space, comment lines, generators and the order of files. */
function digestOfText(source: string): string {
  const lines = source
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^\s*generator\s+\w+\s*\{[^}]*\}/gm, '')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
  const text = lines.sort().join('\n')
  return createHash('sha256').update(text).digest('hex')
}

function differenceOf(
  name: string,
  datamodel: Datamodel,
  runtime: RuntimeModel | undefined,
): string | undefined {
  const model = datamodel.models[name]
  if (model === undefined) return `the client has a model '${name}' and the datamodel does not`
  if (runtime === undefined) return `the datamodel has a model '${name}' and the client does not`
  const table = runtime.dbName ?? name
  if (table !== model.table)
    return `${name} is table '${table}' in the client and '${model.table}' in the datamodel`
  const fields = new Map(runtime.fields.map((field) => [field.name, field]))
  for (const field of new Set([...fields.keys(), ...Object.keys(model.fields)])) {
    const one = fields.get(field)
    const other = model.fields[field]
    if (one === undefined || other === undefined) {
      return `field ${name}.${field} is only in the ${one === undefined ? 'datamodel' : 'client'}`
    }
    const physical = other.kind === 'relation' ? other.model : `${other.type} '${other.column}'`
    const seen = one.kind === 'object' ? one.type : `${one.type} '${one.dbName ?? one.name}'`
    if (physical !== seen)
      return `field ${name}.${field} is ${seen} in the client and ${physical} in the datamodel`
  }
  return undefined
}

function mismatch(difference: string): CacheError {
  return new CacheError(
    'LARDER_DATAMODEL_MISMATCH',
    `prismaCache: \`datamodel\` does not fit this client: ${difference}. Run \`prisma generate\` and pass the datamodel of the same schema.`,
  )
}
