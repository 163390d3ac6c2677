import { createHash } from 'node:crypto'
import { CacheError } from '@larder/core'
import { type RuntimeModel, runtimeModels, schemaText } from '../internals.ts'
import type { Datamodel } from './datamodel.ts'

/**
 * Checks that a datamodel belongs to a client, because pins of another schema would leave stale rows cached.
 * @throws CacheError `LARDER_DATAMODEL_MISMATCH` for a datamodel of another version of Larder, or of another client.
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
  // The client does not contain keys and actions, so the text of its schema is compared.
  const text = schemaText(client)
  if (text && datamodel.source !== undefined && digestOfText(text) !== datamodel.source)
    throw mismatch('it was made from another version of the schema')
}

/** Returns the digest that the generator writes. It ignores white space, comment lines, generators and the order of files. */
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
    const inClient = fields.get(field)
    const inDatamodel = model.fields[field]
    if (inClient === undefined || inDatamodel === undefined) {
      return `field ${name}.${field} is only in the ${inClient === undefined ? 'datamodel' : 'client'}`
    }
    const expected =
      inDatamodel.kind === 'relation' ? inDatamodel.model : `${inDatamodel.type} '${inDatamodel.column}'`
    const actual =
      inClient.kind === 'object' ? inClient.type : `${inClient.type} '${inClient.dbName ?? inClient.name}'`
    if (expected !== actual)
      return `field ${name}.${field} is ${actual} in the client and ${expected} in the datamodel`
  }
  return undefined
}

function mismatch(difference: string): CacheError {
  return new CacheError(
    'LARDER_DATAMODEL_MISMATCH',
    `prismaCache: \`datamodel\` does not fit this client: ${difference}. Run \`prisma generate\` and pass the datamodel of the same schema.`,
  )
}
