import { type ColumnValue, type ResultDependency, UNKNOWN } from '@larder/core/host'
import type { ColumnPair, ModelMap, Relation } from '../schema/model.ts'
import { fieldsOf, literalOf } from './argument.ts'
import { type ShownRow, type ShownRows, shownValue } from './shown.ts'

/** How the rows behind a relation, and those of its join table, are read off a result. */
export interface Learning {
  readonly target?: ResultDependency
  readonly join?: ResultDependency
}

/** Rows of a model, as the result shows them. */
export interface Parents {
  readonly model: string
  readonly rows: ShownRows
}

/** @param args of the include. Undefined: the result shows no rows of the relation, such as a count. */
export function learnOf(
  models: ModelMap,
  parents: Parents | undefined,
  relation: Relation,
  args: unknown,
): Learning {
  if (!parents) return {}
  const { pairs, join, list, holder } = relation
  if (join) {
    const target = join.target.references
    // A row of the join table may wait for its target where no foreign key forbids it: then every insert can show one.
    const whole = join.enforced && args !== undefined && showsAll(args)
    return {
      join: byParent(models, parents, [{ own: join.own.references, target: join.own.column }]),
      ...(whole && { target: byRow(models, parents, relation, [{ own: target, target }], false) }),
    }
  }
  if (holder === 'unknown' || !pairs.length) return {}
  if (list) return { target: byParent(models, parents, pairs) }
  return args === undefined ? {} : { target: byRow(models, parents, relation, pairs, holder === 'own') }
}

/** Arguments that leave out no row of the relation. */
const HIDING_NOTHING: ReadonlySet<string> = new Set(['select', 'include', 'omit', 'relationLoadStrategy'])

function showsAll(args: unknown): boolean {
  return fieldsOf(args)?.every(([name]) => HIDING_NOTHING.has(name)) === true
}

/** Children are looked for by what their parents hold, whether there are any or not. */
function byParent(models: ModelMap, parents: Parents, pairs: readonly ColumnPair[]): ResultDependency {
  return {
    columns: pairs.map(({ target }) => target),
    found: false,
    values: (result) =>
      every(parents.rows(result), (parent) => {
        const row = read(pairs, ({ own }) => columnValue(models, parents.model, parent, own))
        return row && [row]
      }),
  }
}

/**
 * Rows that are shown, by their own fields, or where these are not selected by what points to them. One that is not
 * there may come, unless the foreign key that would point to it is shown to be NULL.
 */
function byRow(
  models: ModelMap,
  parents: Parents,
  { field, target, list }: Relation,
  pairs: readonly ColumnPair[],
  pointed: boolean,
): ResultDependency {
  return {
    columns: pairs.map((pair) => pair.target),
    found: true,
    values: (result) =>
      every(parents.rows(result), (parent) => {
        const related = shownValue(parent, field)
        const pointer = (pair: ColumnPair): ColumnValue | undefined =>
          pointed ? columnValue(models, parents.model, parent, pair.own) : undefined
        if (related === null) return pairs.some((pair) => pointer(pair) === null) ? [] : undefined
        const rows = list ? related : [related]
        return every(Array.isArray(rows) ? rows : undefined, (row: ShownRow) => {
          const found = read(pairs, (pair) => columnValue(models, target, row, pair.target) ?? pointer(pair))
          return found && [found]
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

/** The database's value of a column that a row shows; undefined where it does not, or in a form that names no row. */
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
  one: (item: T) => readonly R[] | undefined,
): readonly R[] | undefined {
  const all: R[] = []
  for (const item of items ?? [undefined]) {
    const found = item === undefined ? undefined : one(item as T)
    if (!found) return undefined
    all.push(...found)
  }
  return all
}
