import type { ColumnValue, Learn, ReturnedRow } from '@larder/core/host'
import { comparesByItself } from '../tables/column.ts'
import {
  listedRows,
  type Place,
  relatedRows,
  relatedValue,
  rootRows,
  type Shape,
  type ShownRows,
  valueAt,
} from '../versions/result-shape.ts'
import type { Draft, RelatedDrafts, Survey } from './survey.ts'

/** Where each relation's table has a name of its own, that is enough; two of one name cannot be told apart. */
export function draftsByName(drafts: readonly Draft[]): RelatedDrafts {
  return {
    drafts: [],
    related(name) {
      const found = drafts.filter((draft) => draft.name === name)
      return found.length === 1 ? { ...draftsByName(drafts), drafts: found } : undefined
    },
  }
}

/**
 * Notes what the result of a relational query tells of the rows of its relations: which columns of theirs equal which of
 * the row they belong to, the query says, and the values stand in the result.
 */
export function learnRelations(
  survey: Survey,
  found: RelatedDrafts,
  shape: Shape,
  rows: ShownRows = rootRows,
): void {
  const parents = { shape, rows }
  for (const { name, at, one, shape: related } of shape.relations) {
    const drafts = found.related(name)
    if (!drafts) continue
    const [own, ...between] = drafts.drafts
    if (own) own.learn = one ? oneOf(survey, own, parents, { at, related }) : manyOf(survey, own, parents)
    // The table that a many-to-many relation goes through.
    for (const draft of between) draft.learn = manyOf(survey, draft, parents)
    learnRelations(survey, drafts, related, one ? relatedRows(rows, at) : listedRows(rows, at))
  }
}

interface Parents {
  readonly shape: Shape
  readonly rows: ShownRows
}

/** A column of the related table, with where the parent shows the column it equals. */
interface Pair {
  readonly column: string
  readonly own: Place | undefined
  /** False where that column may hold for equal what the other does not. */
  readonly fit: boolean
}

function pairsOf(survey: Survey, { links }: Draft, { alias, columns }: Shape): readonly Pair[] {
  return links
    .filter(({ source }) => source === alias)
    .map(({ column, other }) => {
      const found = columnOf(survey, columns, other)
      return { column, own: found?.at, fit: found !== undefined && comparesByItself(found.column) }
    })
}

function columnOf({ names }: Survey, columns: Shape['columns'], physical: string) {
  return columns.find(({ column }) => names.column(column) === physical)
}

/** Children were looked for by what their parent holds, whether there are any or not. */
function manyOf(survey: Survey, draft: Draft, { shape, rows }: Parents): Learn | undefined {
  const pairs = pairsOf(survey, draft, shape).filter(({ own }) => own !== undefined)
  if (!pairs.length) return undefined
  return {
    columns: pairs.map(({ column }) => column),
    found: false,
    values: (result) =>
      rows(result)?.map((parent) => read(pairs, ({ own }) => valueAt(parent, own as Place))),
  }
}

/**
 * A row that is shown is told by the columns it was found by, its own or its parent's. One that is not there may come,
 * unless the parent shows that it points to none.
 */
function oneOf(
  survey: Survey,
  draft: Draft,
  { shape, rows }: Parents,
  { at, related }: { readonly at: Place; readonly related: Shape },
): Learn | undefined {
  const pairs = pairsOf(survey, draft, shape).flatMap((pair) => {
    const found = columnOf(survey, related.columns, pair.column)
    const fit = found ? comparesByItself(found.column) : pair.own !== undefined && pair.fit
    return fit ? [{ ...pair, shown: found?.at }] : []
  })
  if (!pairs.length) return undefined
  return {
    columns: pairs.map(({ column }) => column),
    found: true,
    values(result) {
      const found: ReturnedRow[] = []
      for (const parent of rows(result) ?? [undefined]) {
        if (!parent) return undefined
        const row = relatedValue(parent, at)
        const pointer = ({ own }: Pair): ColumnValue => (own === undefined ? undefined : valueAt(parent, own))
        if (typeof row === 'object' && row !== null)
          found.push(
            read(pairs, (pair) => (pair.shown === undefined ? pointer(pair) : valueAt(row, pair.shown))),
          )
        else if (row !== null || !pairs.some((pair) => pointer(pair) === null)) return undefined
      }
      return found
    },
  }
}

function read<P extends Pair>(pairs: readonly P[], value: (pair: P) => ColumnValue): ReturnedRow {
  return Object.fromEntries(pairs.map((pair) => [pair.column, value(pair)]))
}
