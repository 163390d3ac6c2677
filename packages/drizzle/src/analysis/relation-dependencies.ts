import type { ColumnValue, ResultDependency, ReturnedRow } from '@larder/core/host'
import { comparesByOwnRules } from '../tables/column.ts'
import {
  listedRows,
  type ResultShape,
  type RowExtractor,
  type RowPosition,
  relatedRows,
  relatedValue,
  rootRows,
  valueAt,
} from '../versions/result-shape.ts'
import type { OccurrenceDraft, RelatedDrafts, Survey } from './survey.ts'

/** For queries in which the table of each relation has a name of its own. A name that occurs twice is ambiguous. */
export function draftsByName(drafts: readonly OccurrenceDraft[]): RelatedDrafts {
  return {
    drafts: [],
    related(name) {
      const namesakes = drafts.filter((draft) => draft.name === name)
      return namesakes.length === 1 ? { ...draftsByName(drafts), drafts: namesakes } : undefined
    },
  }
}

/**
 * Finds which rows of its relations the result of a relational query reveals. The query shows which columns of a related
 * row equal which columns of its parent, and the result contains the values.
 */
export function findRelationDependencies(
  survey: Survey,
  drafts: RelatedDrafts,
  shape: ResultShape,
  rows: RowExtractor = rootRows,
): void {
  const parents = { shape, rows }
  for (const { name, position, single, shape: related } of shape.relations) {
    const relation = drafts.related(name)
    if (!relation) continue
    const [main, ...through] = relation.drafts
    if (main)
      main.resultDependency = single
        ? singleRow(survey, main, parents, { position, related })
        : manyRows(survey, main, parents)
    // The tables between, in a many-to-many relation.
    for (const draft of through) draft.resultDependency = manyRows(survey, draft, parents)
    const relatedExtractor = single ? relatedRows(rows, position) : listedRows(rows, position)
    findRelationDependencies(survey, relation, related, relatedExtractor)
  }
}

interface Parents {
  readonly shape: ResultShape
  readonly rows: RowExtractor
}

/** A column of the related table, and where the parent row holds the column that it equals. */
interface LinkedColumn {
  readonly column: string
  readonly inParent: RowPosition | undefined
  /** False if the parent's column may treat values as equal that the related column does not. */
  readonly comparable: boolean
}

function linkedColumns(
  survey: Survey,
  { links }: OccurrenceDraft,
  { alias, columns }: ResultShape,
): readonly LinkedColumn[] {
  return links
    .filter(({ source }) => source === alias)
    .map(({ column, otherColumn }) => {
      const inParent = columnNamed(survey, columns, otherColumn)
      const comparable = inParent !== undefined && comparesByOwnRules(inParent.column)
      return { column, inParent: inParent?.position, comparable }
    })
}

function columnNamed({ names }: Survey, columns: ResultShape['columns'], name: string) {
  return columns.find(({ column }) => names.columnName(column) === name)
}

/** Related rows were looked up by values of their parent, whether or not there are any. */
function manyRows(
  survey: Survey,
  draft: OccurrenceDraft,
  { shape, rows }: Parents,
): ResultDependency | undefined {
  const columns = linkedColumns(survey, draft, shape).filter(({ inParent }) => inParent !== undefined)
  if (!columns.length) return undefined
  return {
    columns: columns.map(({ column }) => column),
    found: false,
    values: (result) =>
      rows(result)?.map((parent) =>
        rowOf(columns, ({ inParent }) => valueAt(parent, inParent as RowPosition)),
      ),
  }
}

/**
 * A row in the result is identified by the columns it was looked up by, its own or its parent's. A missing row may be
 * inserted later, unless the parent shows that it references none.
 */
function singleRow(
  survey: Survey,
  draft: OccurrenceDraft,
  { shape, rows }: Parents,
  { position, related }: { readonly position: RowPosition; readonly related: ResultShape },
): ResultDependency | undefined {
  const columns = linkedColumns(survey, draft, shape).flatMap((linked) => {
    const inRow = columnNamed(survey, related.columns, linked.column)
    const suitable = inRow
      ? comparesByOwnRules(inRow.column)
      : linked.inParent !== undefined && linked.comparable
    return suitable ? [{ ...linked, inRow: inRow?.position }] : []
  })
  if (!columns.length) return undefined
  return {
    columns: columns.map(({ column }) => column),
    found: true,
    values(result) {
      const relatedRowValues: ReturnedRow[] = []
      for (const parent of rows(result) ?? [undefined]) {
        if (!parent) return undefined
        const row = relatedValue(parent, position)
        const reference = ({ inParent }: LinkedColumn): ColumnValue =>
          inParent === undefined ? undefined : valueAt(parent, inParent)
        if (typeof row === 'object' && row !== null)
          relatedRowValues.push(
            rowOf(columns, (linked) =>
              linked.inRow === undefined ? reference(linked) : valueAt(row, linked.inRow),
            ),
          )
        else if (row !== null || !columns.some((linked) => reference(linked) === null)) return undefined
      }
      return relatedRowValues
    },
  }
}

function rowOf<C extends LinkedColumn>(
  columns: readonly C[],
  value: (column: C) => ColumnValue,
): ReturnedRow {
  return Object.fromEntries(columns.map((column) => [column.column, value(column)]))
}
