import { CacheError } from '@larder/core'
import type { ForeignKey, LookupKey } from '@larder/core/host'
import type { DatamodelModel } from '../datamodel.ts'
import { columnOf } from '../relation.ts'

/**
 * Returns the lookup keys of a model: primary, unique, foreign and named ones. Keys with columns that cannot pin are included, because
 * the core decides which keys are used.
 */
export function keysOf(
  name: string,
  model: DatamodelModel,
  foreignKeys: readonly ForeignKey[],
  named: readonly (readonly string[])[],
): LookupKey[] {
  if (model.view) {
    // A view enforces no key, and its rows change with the tables that it reads.
    if (named.length === 0) return []
    throw new CacheError(
      'LARDER_CONFIG',
      `models.${name}.lookupKeys: ${name} is a view, and views cannot be pinned. Remove this option.`,
    )
  }
  const physical = (fields: readonly string[]): readonly string[] =>
    fields.map((field) => columnOf(model, field))
  const keys: LookupKey[] = []
  const add = (
    kind: LookupKey['kind'],
    columns: readonly string[],
    besides: readonly LookupKey['kind'][],
  ): void => {
    if (
      columns.length === 0 ||
      keys.some((key) => besides.includes(key.kind) && sameSet(key.columns, columns))
    )
      return
    keys.push({ kind, columns })
  }
  add('primary', physical(model.primary), [])
  for (const unique of model.uniques) add('unique', physical(unique.fields), ['primary', 'unique'])
  // A foreign key that is unique counts as both, because another client may know it as either of them.
  for (const key of foreignKeys) add('foreign', key.columns, ['foreign'])
  for (const fields of named) {
    add('named', namedColumns(name, model, fields), ['primary', 'unique', 'foreign', 'named'])
  }
  return keys
}

function namedColumns(name: string, model: DatamodelModel, fields: readonly string[]): readonly string[] {
  const where = `models.${name}.lookupKeys: [${fields.join(', ')}]`
  if (fields.length === 0)
    throw new CacheError('LARDER_CONFIG', `${where} names no field. Name at least one.`)
  if (new Set(fields).size < fields.length) {
    throw new CacheError('LARDER_CONFIG', `${where} names a field twice. Name each once.`)
  }
  return fields.map((field) => {
    const description = Object.hasOwn(model.fields, field) ? model.fields[field] : undefined
    if (description !== undefined && description.kind !== 'relation') return description.column
    const scalars = Object.keys(model.fields).filter((other) => model.fields[other]?.kind !== 'relation')
    const reason =
      description === undefined
        ? `there is no field '${field}' in ${name}`
        : `'${field}' is a relation; name ${description.fields.length > 0 ? `its foreign key (${description.fields.join(', ')})` : 'scalar fields'}`
    throw new CacheError(
      'LARDER_CONFIG',
      `${where}: ${reason}. Fields that can be named: ${scalars.join(', ')}.`,
    )
  })
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((column) => other.includes(column))
}
