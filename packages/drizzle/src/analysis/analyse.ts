import { type SqlDialect, scanSql, sqlWords } from '@larder/core/host'
import { is, type SQL, Table, View } from 'drizzle-orm'
import { nodeFinder, type SqlNode, treeOf } from '../sql/tree.ts'
import type { BuilderConfig } from '../versions/builder-config.ts'
import { embeddedCount } from '../versions/count.ts'
import { nameInStatement, physicalName, viewConfig } from '../versions/names.ts'
import { deleteChange, insertChanges, updateChange } from './changes.ts'
import { findJoinDependencies } from './join-dependencies.ts'
import { countWritingVerbs, namesAllTargets } from './raw-targets.ts'
import { draftsByName, findRelationDependencies } from './relation-dependencies.ts'
import { surveyRelations } from './relations.ts'
import { propagatePins, returnsTableRows, surveyCount, surveySelect } from './select.ts'
import type { SqlConfigs } from './sql-configs.ts'
import { type ChangePlan, type Statement, textKey } from './statement.ts'
import {
  addTable,
  createScope,
  rootTable,
  type Scope,
  type Survey,
  sourceNamed,
  type TableNames,
} from './survey.ts'
import { whyRawUncacheable, whyUncacheable } from './why-uncacheable.ts'

export interface AnalysisDeps {
  readonly configs: SqlConfigs
  readonly names: TableNames
  readonly dialect: SqlDialect
}

/**
 * Finds out what a statement depends on and what it changes.
 * @param parameters how many parameters the text has.
 */
export function analyse(deps: AnalysisDeps, sql: SQL, text: string, parameters: number): Statement {
  const tree = treeOf(sql)
  const trusted = tree?.parameters === parameters
  const survey: Survey = {
    names: deps.names,
    configs: deps.configs,
    nodeOf: tree && trusted ? nodeFinder(tree.root) : () => undefined,
    drafts: [],
    changes: [],
    ownChanges: 0,
    selects: 0,
    joins: 0,
    writes: 0,
    locks: false,
    opaque: trusted ? undefined : 'parameters that cannot be identified',
    related: undefined,
  }
  if (tree) visit(survey, tree.root, undefined, true)
  propagatePins(survey)
  const config = deps.configs.get(sql)
  const shape = config?.kind === 'relational' || config?.kind === 'relations' ? config.shape() : undefined
  if (shape) findRelationDependencies(survey, survey.related ?? draftsByName(survey.drafts), shape)
  else if (config?.kind === 'select') findJoinDependencies(survey, config.config)
  const isRawWrite = tree && config === undefined && scanSql(text, deps.dialect).writes
  // Raw SQL may change any row of the tables it names.
  if (isRawWrite && namesAllTargets(tree.root, text, deps.dialect))
    for (const { table } of survey.drafts) survey.changes.push({ table, effect: 'unknown' })
  return statementOf(deps, survey, config, text)
}

function visit(survey: Survey, node: SqlNode, enclosing: Scope | undefined, root: boolean): void {
  const { piece } = node
  let scope = enclosing
  if (piece.kind === 'sql') scope = visitSql(survey, node, piece.sql, enclosing, root)
  else if (piece.kind === 'table') mentionTable(survey, enclosing, piece.table)
  else if (piece.kind === 'column' && is(piece.column.table, Table))
    mentionTable(survey, enclosing, piece.column.table)
  else if (piece.kind === 'view') {
    const { name, originalName } = viewConfig(piece.view)
    if (sourceNamed(enclosing, name) === 'none') addTable(survey, createScope(undefined), originalName, name)
  }
  for (const child of node.children) visit(survey, child, scope, false)
}

/** Adds a table that raw SQL names and no builder added. */
function mentionTable(survey: Survey, enclosing: Scope | undefined, table: Table): void {
  if (sourceNamed(enclosing, nameInStatement(table)) !== 'none') return
  addTable(survey, createScope(undefined), physicalName(table), nameInStatement(table))
}

function visitSql(
  survey: Survey,
  node: SqlNode,
  sql: SQL,
  enclosing: Scope | undefined,
  root: boolean,
): Scope | undefined {
  const config = survey.configs.get(sql) ?? embeddedCount(sql)
  if (config?.kind === 'relations') return visitRelations(survey, node, enclosing, root)
  return config ? visitBuilt(survey, config, enclosing, root) : enclosing
}

function visitBuilt(
  survey: Survey,
  built: BuilderConfig,
  enclosing: Scope | undefined,
  root: boolean,
): Scope | undefined {
  switch (built.kind) {
    case 'relational': {
      const { inner } = built
      const scope = inner ? visitBuilt(survey, inner, enclosing, false) : enclosing
      if (root && inner?.kind === 'select' && returnsTableRows(inner.config, true)) countRowsOf(survey, 0)
      return scope
    }
    case 'select': {
      const first = survey.drafts.length
      const scope = surveySelect(survey, built.config, enclosing)
      if (root && returnsTableRows(built.config, false)) countRowsOf(survey, first)
      return scope
    }
    case 'count':
      return surveyCount(survey, built.source, built.filters, enclosing)
    case 'insert':
      return addWrite(survey, insertChanges(survey, built.config), built.config.table, enclosing, root)
    case 'update':
      survey.joins += built.config.joins?.length ?? 0
      return addWrite(survey, updateChange(survey, built.config), built.config.table, enclosing, root)
    case 'delete':
      return addWrite(survey, deleteChange(survey, built.config), built.config.table, enclosing, root)
    case 'refresh':
      if (is(built.view, View))
        survey.changes.push({ table: viewConfig(built.view).originalName, effect: 'unknown' })
      return enclosing
    default:
      return enclosing
  }
}

function visitRelations(survey: Survey, node: SqlNode, enclosing: Scope | undefined, root: boolean): Scope {
  const first = survey.drafts.length
  const scope = surveyRelations(survey, node, enclosing)
  if (root) countRowsOf(survey, first)
  return scope
}

function countRowsOf(survey: Survey, index: number): void {
  const draft = survey.drafts[index]
  if (draft) draft.counted = 'each'
}

/** A statement inside another one runs at the same time, in any order, so nothing is known about its rows. */
function addWrite(
  survey: Survey,
  changes: readonly ChangePlan[],
  table: unknown,
  enclosing: Scope | undefined,
  root: boolean,
): Scope {
  survey.writes++
  const scope = createScope(enclosing)
  if (is(table, Table)) scope.sources.set(nameInStatement(table), undefined)
  if (root) {
    survey.changes.unshift(...changes)
    survey.ownChanges = changes.length
  } else
    survey.changes.push(...changes.map((change) => ({ table: change.table, effect: 'unknown' as const })))
  return scope
}

function statementOf(
  deps: AnalysisDeps,
  survey: Survey,
  config: BuilderConfig | undefined,
  text: string,
): Statement {
  const scan = scanSql(text, deps.dialect)
  const words = sqlWords(text, deps.dialect)
  const { table, verb } = subjectOf(deps, survey, config)
  const model = table === undefined ? undefined : deps.names.modelOf(table)
  const main = survey.drafts.find((draft) => draft.table === table)
  const drafts = main ? [main, ...survey.drafts.filter((draft) => draft !== main)] : survey.drafts
  // With more writing statements than the builders produced, one is raw SQL: a CTE.
  const writesAreKnown = survey.changes.length > 0 && countWritingVerbs(words ?? []) === survey.writes
  const hasUnknownWrites = config !== undefined && scan.writes && !writesAreKnown
  const kind = config === undefined || hasUnknownWrites ? 'raw' : survey.changes.length ? 'write' : 'read'
  const reason = words
    ? config
      ? whyUncacheable(text, words, survey)
      : whyRawUncacheable(text, words)
    : 'SQL that cannot be parsed'
  return {
    text,
    key: kind === 'write' ? '' : textKey(text),
    kind,
    operation: `${model ?? table ?? 'sql'}.${verb}`,
    model,
    locks: survey.locks || scan.locks,
    opaque: kind === 'write' ? undefined : ((config && survey.opaque) ?? reason),
    occurrences: drafts.map(({ table: name, pins, counted, resultDependency }) => ({
      table: name,
      pins,
      counted,
      resultDependency,
    })),
    modelFirst: main !== undefined,
    changes: survey.changes,
    ownChanges: survey.ownChanges,
    ...(hasUnknownWrites && { hasUnknownWrites }),
  }
}

/** The main table of a statement, and the name of its operation. */
function subjectOf(
  deps: AnalysisDeps,
  survey: Survey,
  built: BuilderConfig | undefined,
): { table: string | undefined; verb: string } {
  switch (built?.kind) {
    case 'relational':
    case 'relations':
      return { table: survey.drafts[0]?.table, verb: 'query' }
    case 'select':
      return { table: rootTable(deps.configs, built.config.table), verb: 'select' }
    case 'count':
      return { table: rootTable(deps.configs, built.source), verb: '$count' }
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
