import { isSelfContained } from '../sql/self-contained.ts'
import { nameOfToken, type Token, tokensOf } from '../sql/tokens.ts'
import type { SqlNode } from '../sql/tree.ts'
import { factsIn } from './condition.ts'
import { applyFacts } from './select.ts'
import {
  addSource,
  addTable,
  createScope,
  type OccurrenceDraft,
  type RelatedDrafts,
  type Scope,
  type Survey,
} from './survey.ts'

/** Words that end a condition. */
const END_OF_CONDITION: ReadonlySet<string> = new Set([
  ...['LEFT', 'INNER', 'CROSS', 'JOIN', 'ORDER', 'LIMIT', 'OFFSET'],
])

/** One SELECT while its tokens are read. */
interface Frame {
  readonly scope: Scope
  readonly drafts: OccurrenceDraft[]
  /** Also those of derived tables. */
  readonly allDrafts: OccurrenceDraft[]
  /** The nested SELECTs of relations. Undefined for a name that occurs twice. */
  readonly relations: Map<string, Frame | undefined>
  readonly conditions: Token[][]
  /** The condition that is being read. */
  openCondition: Token[] | undefined
}

/**
 * Parses a relational query of 1.0, whose SQL is one flat list of text and names: the tables of each SELECT, and the
 * conditions in its WHERE and ON. The user's own conditions are in SQL objects of their own, which the walk through the
 * tree visits. Returns a scope with all names of the query.
 */
export function surveyRelations(survey: Survey, node: SqlNode, enclosing: Scope | undefined): Scope {
  const names = createScope(enclosing)
  const tokens = tokensOf(flatten(node.children))
  const position = survey.drafts.length
  const start = tokens?.indexOf('SELECT') ?? -1
  const select = tokens && start >= 0 ? readSelect(survey, tokens, start + 1, enclosing, names) : undefined
  const root = select?.frame.drafts[0]
  if (!root || select.end !== tokens?.length) {
    survey.opaque ??= 'a relational query of an unknown form'
    return names
  }
  // The main table comes first, and each row of the result is one of its rows.
  survey.drafts.splice(survey.drafts.indexOf(root), 1)
  survey.drafts.splice(position, 0, root)
  survey.related = relatedDrafts(select.frame)
  return names
}

function relatedDrafts({ allDrafts, relations }: Frame): RelatedDrafts {
  return {
    drafts: allDrafts,
    related(name) {
      const frame = relations.get(name)
      return frame && relatedDrafts(frame)
    },
  }
}

/** SQLite's `(select json_group_array(…)` is in an SQL object of its own, and the rest of that SELECT outside it. */
function flatten(nodes: readonly SqlNode[]): readonly SqlNode[] {
  return nodes.flatMap((node) =>
    node.piece.kind === 'sql' && !isSelfContained(node) ? node.children : [node],
  )
}

/** Reads from after SELECT to the closing parenthesis. `end` is its index, or the number of tokens. */
function readSelect(
  survey: Survey,
  tokens: readonly Token[],
  start: number,
  enclosing: Scope | undefined,
  names: Scope,
): { readonly end: number; readonly frame: Frame } {
  const frame: Frame = {
    scope: createScope(enclosing),
    drafts: [],
    allDrafts: [],
    relations: new Map(),
    conditions: [],
    openCondition: undefined,
  }
  let depth = 0
  survey.selects++
  let at = start
  for (; at < tokens.length; at++) {
    const token = tokens[at] as Token
    if (token === ')' && depth-- === 0) break
    if (token === '(' && tokens[at + 1] === 'SELECT') {
      const nested = readSelect(survey, tokens, at + 2, frame.scope, names)
      addNested(frame, nested.frame, tokens, at, nested.end)
      at = nested.end
      frame.openCondition?.push('(', ')')
      continue
    }
    if (token === '(') depth++
    const tableFollows = readToken(frame, token, depth)
    if (tableFollows) at = readSource(survey, frame, tokens, at, names)
    if (token === 'JOIN') survey.joins++
  }
  for (const condition of frame.conditions)
    applyFacts(frame.scope, factsIn(condition, survey.names.columnName), frame.drafts)
  return { end: at, frame }
}

/** Starts and ends conditions, and adds the token to the open one. True if a table follows. */
function readToken(frame: Frame, token: Token, depth: number): boolean {
  if (depth === 0 && typeof token === 'string' && END_OF_CONDITION.has(token)) frame.openCondition = undefined
  if (token === 'FROM' || token === 'JOIN') return true
  if (depth === 0 && (token === 'WHERE' || token === 'ON')) {
    frame.openCondition = []
    frame.conditions.push(frame.openCondition)
  } else frame.openCondition?.push(token)
  return false
}

/** Adds a nested SELECT. In `from (select … from table as d0 …) as d0` the rows are those of the inner table. */
function addNested(frame: Frame, nested: Frame, tokens: readonly Token[], open: number, close: number): void {
  const name = tokens[close + 1] === 'AS' ? nameOfToken(tokens[close + 2]) : undefined
  const isSource = tokens[open - 1] === 'FROM'
  // PostgreSQL joins the rows of a relation, SQLite selects them.
  if (name !== undefined && (tokens[open - 1] === 'LATERAL' || !(isSource || frame.allDrafts.length)))
    frame.relations.set(name, frame.relations.has(name) ? undefined : nested)
  if (!isSource || frame.allDrafts.length) return
  frame.allDrafts.push(...nested.allDrafts)
  for (const [relation, inner] of nested.relations) frame.relations.set(relation, inner)
  if (name === undefined) return
  const draft = nested.drafts[0]
  frame.scope.sources.set(name, draft)
  // Its conditions were applied inside. The outermost FROM still determines the main table.
  if (draft) frame.drafts.push(draft)
}

function addDraft({ drafts, allDrafts }: Frame, draft: OccurrenceDraft): void {
  drafts.push(draft)
  allDrafts.push(draft)
}

/** Adds the table after FROM or JOIN. Returns the index of its last token. */
function readSource(
  survey: Survey,
  frame: Frame,
  tokens: readonly Token[],
  at: number,
  names: Scope,
): number {
  const next = tokens[at + 1]
  if (next === '(' || next === 'LATERAL') return at
  if (typeof next === 'object' && /^(?:table|view|nested)$/.test(next.piece.kind)) {
    const { piece } = next
    const source =
      piece.kind === 'table'
        ? piece.table
        : piece.kind === 'view'
          ? piece.view
          : piece.kind === 'nested' && piece.chunk
    const draft = addSource(survey, frame.scope, source)
    if (draft) addDraft(frame, draft)
    return at + 1
  }
  // name as alias, or schema.name as alias
  const last = tokens[at + 2] === '.' ? at + 3 : at + 1
  const table = nameOfToken(tokens[last])
  const alias = tokens[last + 1] === 'AS' ? nameOfToken(tokens[last + 2]) : undefined
  if (table === undefined || alias === undefined) {
    survey.opaque ??= 'a relational query of an unknown form'
    return at
  }
  if (survey.names.isUndeclaredView(table)) survey.opaque ??= `the view ${table}`
  const draft = addTable(survey, frame.scope, table, alias)
  addDraft(frame, draft)
  // Two relations of one query may use one alias, which is then ambiguous from outside.
  names.sources.set(alias, names.sources.has(alias) ? undefined : draft)
  return last + 2
}
