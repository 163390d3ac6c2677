import { type SqlDialect, scanSql, sqlWords } from '@larder/core/host'
import { is, type SQL, Table, View } from 'drizzle-orm'
import { type Node, placesOf, treeOf } from '../sql/tree.ts'
import type { Built, BuiltSql } from '../versions/builder-config.ts'
import { embeddedCount } from '../versions/count.ts'
import { nameInStatement, physicalName, viewConfig } from '../versions/names.ts'
import { learnJoins } from './learn-joins.ts'
import { draftsByName, learnRelations } from './learn-relations.ts'
import { namesItsTargets, writingVerbs } from './raw-targets.ts'
import { surveyRelations } from './relations.ts'
import { followLinks, showsRows, surveyCount, surveySelect } from './select.ts'
import { type ChangePlan, keyOf, type Statement } from './statement.ts'
import { addTable, rootTable, type Scope, type Survey, sourceNamed, type TableNames } from './survey.ts'
import { rawUnfit, unfitFor } from './why-uncacheable.ts'
import { deleteChange, insertChanges, updateChange } from './write.ts'

/** What the analysis needs to know. */
export interface AnalysisRoom {
  readonly built: BuiltSql
  readonly names: TableNames
  readonly dialect: SqlDialect
}

/** Reads off a statement's tree what it depends on and what it changes. `parameters`: how many the text has. */
export function analyse(room: AnalysisRoom, sql: SQL, text: string, parameters: number): Statement {
  const tree = treeOf(sql)
  const trusted = tree?.parameters === parameters
  const survey: Survey = {
    names: room.names,
    built: room.built,
    places: tree && trusted ? placesOf(tree.root) : () => undefined,
    drafts: [],
    changes: [],
    own: 0,
    selects: 0,
    joins: 0,
    writes: 0,
    locks: false,
    opaque: trusted ? undefined : 'parameters that cannot be told apart',
    related: undefined,
  }
  if (tree) visit(survey, tree.root, undefined, true)
  followLinks(survey)
  const made = room.built.of(sql)
  const shape = made?.kind === 'relational' || made?.kind === 'relations' ? made.shape() : undefined
  if (shape) learnRelations(survey, survey.related ?? draftsByName(survey.drafts), shape)
  else if (made?.kind === 'select') learnJoins(survey, made.config)
  const raw = tree && made === undefined && scanSql(text, room.dialect).writes
  // Whatever the SQL does to the tables it names, it may do to any row of them.
  if (raw && namesItsTargets(tree.root, text, room.dialect))
    for (const { table } of survey.drafts) survey.changes.push({ table, effect: 'unknown' })
  return concluded(room, survey, made, text)
}

function visit(survey: Survey, node: Node, around: Scope | undefined, root: boolean): void {
  const { piece } = node
  let scope = around
  if (piece.kind === 'sql') scope = enter(survey, node, piece.sql, around, root)
  else if (piece.kind === 'table') mention(survey, around, piece.table)
  else if (piece.kind === 'column' && is(piece.column.table, Table))
    mention(survey, around, piece.column.table)
  else if (piece.kind === 'view') {
    const { name, originalName } = viewConfig(piece.view)
    if (sourceNamed(around, name) === 'none') addTable(survey, emptyScope(), originalName, name)
  }
  for (const child of node.children) visit(survey, child, scope, false)
}

/** A table that raw SQL names where no builder put it. */
function mention(survey: Survey, around: Scope | undefined, table: Table): void {
  if (sourceNamed(around, nameInStatement(table)) !== 'none') return
  addTable(survey, emptyScope(), physicalName(table), nameInStatement(table))
}

const emptyScope = (): Scope => ({ sources: new Map(), around: undefined })

function enter(
  survey: Survey,
  node: Node,
  sql: SQL,
  around: Scope | undefined,
  root: boolean,
): Scope | undefined {
  const built = survey.built.of(sql) ?? embeddedCount(sql)
  if (built?.kind === 'relations') return enterRelations(survey, node, around, root)
  return built ? enterBuilt(survey, built, around, root) : around
}

function enterBuilt(
  survey: Survey,
  built: Built,
  around: Scope | undefined,
  root: boolean,
): Scope | undefined {
  switch (built.kind) {
    case 'relational': {
      const scope = built.inner ? enterBuilt(survey, built.inner, around, false) : around
      if (root && built.inner?.kind === 'select' && showsRows(built.inner.config, true)) countFirst(survey)
      return scope
    }
    case 'select': {
      const first = survey.drafts.length
      const scope = surveySelect(survey, built.config, around)
      if (root && showsRows(built.config, false)) countFirst(survey, first)
      return scope
    }
    case 'count':
      return surveyCount(survey, built.source, built.filters, around)
    case 'insert':
      return wrote(survey, insertChanges(survey, built.config), built.config.table, around, root)
    case 'update':
      survey.joins += built.config.joins?.length ?? 0
      return wrote(survey, updateChange(survey, built.config), built.config.table, around, root)
    case 'delete':
      return wrote(survey, deleteChange(survey, built.config), built.config.table, around, root)
    case 'refresh':
      if (is(built.view, View))
        survey.changes.push({ table: viewConfig(built.view).originalName, effect: 'unknown' })
      return around
    default:
      return around
  }
}

function enterRelations(survey: Survey, node: Node, around: Scope | undefined, root: boolean): Scope {
  const first = survey.drafts.length
  const scope = surveyRelations(survey, node, around)
  if (root) countFirst(survey, first)
  return scope
}

function countFirst(survey: Survey, index = 0): void {
  const draft = survey.drafts[index]
  if (draft) draft.counted = 'each'
}

/** A statement inside another runs at the same instant as it, in any order: of its rows nothing is taken as known. */
function wrote(
  survey: Survey,
  changes: readonly ChangePlan[],
  table: unknown,
  around: Scope | undefined,
  root: boolean,
): Scope {
  survey.writes++
  const scope: Scope = { sources: new Map(), around }
  if (is(table, Table)) scope.sources.set(nameInStatement(table), undefined)
  if (root) {
    survey.changes.unshift(...changes)
    survey.own = changes.length
  } else
    survey.changes.push(...changes.map((change) => ({ table: change.table, effect: 'unknown' as const })))
  return scope
}

function concluded(room: AnalysisRoom, survey: Survey, built: Built | undefined, text: string): Statement {
  const scan = scanSql(text, room.dialect)
  const words = sqlWords(text, room.dialect)
  const { table, verb } = subject(room, survey, built)
  const model = table === undefined ? undefined : room.names.model(table)
  const own = survey.drafts.find((draft) => draft.table === table)
  const drafts = own ? [own, ...survey.drafts.filter((draft) => draft !== own)] : survey.drafts
  // More than builders account for: a CTE as raw SQL.
  const all = survey.changes.length > 0 && writingVerbs(words ?? []) === survey.writes
  const hidden = built !== undefined && scan.writes && !all
  const kind = built === undefined || hidden ? 'raw' : survey.changes.length ? 'write' : 'read'
  const reason = words
    ? built
      ? unfitFor(text, words, survey)
      : rawUnfit(text, words)
    : 'SQL that cannot be read'
  return {
    text,
    key: kind === 'write' ? '' : keyOf(text),
    kind,
    operation: `${model ?? table ?? 'sql'}.${verb}`,
    model,
    locks: survey.locks || scan.locks,
    opaque: kind === 'write' ? undefined : ((built && survey.opaque) ?? reason),
    occurrences: drafts.map(({ table: name, pins, counted, learn }) => ({
      table: name,
      pins,
      counted,
      learn,
    })),
    rooted: own !== undefined,
    changes: survey.changes,
    ownChanges: survey.own,
    ...(hidden && { hidden }),
  }
}

function subject(
  room: AnalysisRoom,
  survey: Survey,
  built: Built | undefined,
): { table: string | undefined; verb: string } {
  switch (built?.kind) {
    case 'relational':
    case 'relations':
      return { table: survey.drafts[0]?.table, verb: 'query' }
    case 'select':
      return { table: rootTable(room.built, built.config.table), verb: 'select' }
    case 'count':
      return { table: rootTable(room.built, built.source), verb: '$count' }
    case 'insert':
    case 'update':
    case 'delete':
      return {
        table: is(built.config.table, Table) ? physicalName(built.config.table) : undefined,
        verb: built.kind,
      }
    case 'refresh':
      return {
        table: is(built.view, View) ? viewConfig(built.view).originalName : undefined,
        verb: 'refreshMaterializedView',
      }
    default:
      return { table: undefined, verb: 'execute' }
  }
}
