import { type ColumnValue, type ResultDependency, UNKNOWN } from '@larder/core/host'
import type { ColumnPair, ModelMap, Relation } from '../schema/model.ts'
import { fieldsOf, literalOf } from './argument.ts'
import { type ShownRow, type ShownRows, shownValue } from './shown.ts'

/** The result dependencies of a relation: on the other model's table, and on the join table. */
export interface RelationDependencies {
  readonly target?: ResultDependency
  readonly join?: ResultDependency
}

/** Rows of a model in a result. */
export interface Parents {
  readonly model: string
  readonly rows: ShownRows
}

/** @param args of the include. Undefined: the result contains no rows of the relation, as with a count. */
export function relationDependenciesOf(
  models: ModelMap,
  parents: Parents | undefined,
  relation: Relation,
  args: unknown,
): RelationDependencies {
  if (!parents) return {}
  const { pairs, join, list, holder } = relation
  if (join) {
    const target = join.target.references
    // Without a foreign key, a row of the join table may exist before its target, and any insert may then add a row to the result.
    const whole = join.enforced && args !== undefined && showsAll(args)
    return {
      join: byParent(models, parents, [{ source: join.source.references, target: join.source.column }]),
      ...(whole && { target: byRow(models, parents, relation, [{ source: target, target }], false) }),
    }
  }
  if (holder === 'unknown' || !pairs.length) return {}
  if (list) return { target: byParent(models, parents, pairs) }
  return args === undefined ? {} : { target: byRow(models, parents, relation, pairs, holder === 'own') }
}

/** Arguments that leave out no rows of the relation. */
const HIDING_NOTHING: ReadonlySet<string> = new Set(['select', 'include', 'omit', 'relationLoadStrategy'])

function showsAll(args: unknown): boolean {
  return fieldsOf(args)?.every(([name]) => HIDING_NOTHING.has(name)) === true
}

/** Children are found by the values of their parents, whether there are any or not. */
function byParent(models: ModelMap, parents: Parents, pairs: readonly ColumnPair[]): ResultDependency {
  return {
    columns: pairs.map(({ target }) => target),
    found: false,
    values: (result) =>
      every(parents.rows(result), (parent) => {
        const row = read(pairs, ({ source }) => columnValue(models, parents.model, parent, source))
        return row && [row]
      }),
  }
}

/**
 * Rows in the result, by their own fields, or by the foreign key that refers to them if these fields are not selected. A missing
 * row may be inserted later, unless the result shows that the foreign key is NULL.
 */
function byRow(
  models: ModelMap,
  parents: Parents,
  { field, target, list }: Relation,
  pairs: readonly ColumnPair[],
  byForeignKey: boolean,
): ResultDependency {
  return {
    columns: pairs.map((pair) => pair.target),
    found: true,
    values: (result) =>
      every(parents.rows(result), (parent) => {
        const related = shownValue(parent, field)
        const foreignKeyValue = (pair: ColumnPair): ColumnValue | undefined =>
          byForeignKey ? columnValue(models, parents.model, parent, pair.source) : undefined
        if (related === null) return pairs.some((pair) => foreignKeyValue(pair) === null) ? [] : undefined
        const rows = list ? related : [related]
        return every(Array.isArray(rows) ? rows : undefined, (row: ShownRow) => {
          const values = read(
            pairs,
            (pair) => columnValue(models, target, row, pair.target) ?? foreignKeyValue(pair),
          )
          return values && [values]
        })
      }),
  }
}

type Values = Readonly<Record<string, ColumnValue>>

/** Undefined if the value of a column is not known. */
function read(
  pairs: readonly ColumnPair[],
  valueOfPair: (pair: ColumnPair) => ColumnValue | undefined,
): Values | undefined {
  const values: Record<string, ColumnValue> = {}
  for (const pair of pairs) {
    const value = valueOfPair(pair)
    if (value === undefined) return undefined
    values[pair.target] = value
  }
  return values
}

/** Returns the database's value of a column in a row. Undefined if the row lacks it, or has it in a form that pins nothing. */
function columnValue(
  models: ModelMap,
  model: string,
  row: ShownRow,
  column: string,
): ColumnValue | undefined {
  const name = models.field(model, column)
  const field = name === undefined ? undefined : models.fieldOf(model, name)
  const value = name === undefined ? undefined : shownValue(row, name)
  if (field === undefined || field.kind === 'relation' || value === undefined) return undefined
  const literal = literalOf(models, field, value)
  return literal === UNKNOWN ? undefined : literal
}

function every<T, R>(
  items: readonly T[] | undefined,
  valuesOf: (item: T) => readonly R[] | undefined,
): readonly R[] | undefined {
  const all: R[] = []
  for (const item of items ?? [undefined]) {
    const values = item === undefined ? undefined : valuesOf(item as T)
    if (!values) return undefined
    all.push(...values)
  }
  return all
}
