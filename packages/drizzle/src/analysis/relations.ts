import { isClosed } from '../sql/self-contained.ts'
import { nameIn, type Token, tokensOf } from '../sql/tokens.ts'
import type { Node } from '../sql/tree.ts'
import { factsIn } from './condition.ts'
import { applyFacts } from './select.ts'
import { addSource, addTable, type Draft, type RelatedDrafts, type Scope, type Survey } from './survey.ts'

/** Words that end a condition. */
const ENDS: ReadonlySet<string> = new Set(['LEFT', 'INNER', 'CROSS', 'JOIN', 'ORDER', 'LIMIT', 'OFFSET'])

/** One SELECT while its tokens go by. */
interface Frame {
  readonly scope: Scope
  readonly drafts: Draft[]
  /** Those of derived tables, too. */
  readonly all: Draft[]
  /** The SELECTs in it that stand for relations; undefined for a name given twice. */
  readonly relations: Map<string, Frame | undefined>
  readonly conditions: Token[][]
  /** The condition that tokens belong to just now. */
  open: Token[] | undefined
}

/**
 * Reads a relational query of 1.0, whose SQL is one flat list of text and names: each SELECT in it with its tables, and
 * the conditions of its WHERE and ON. What the user put in stands in SQL of its own, which the walk through the tree
 * finds. @returns a scope in which every name the query gives is known.
 */
export function surveyRelations(survey: Survey, node: Node, around: Scope | undefined): Scope {
  const names: Scope = { sources: new Map(), around }
  const tokens = tokensOf(flattened(node.children))
  const first = survey.drafts.length
  const begin = tokens?.indexOf('SELECT') ?? -1
  const found = tokens && begin >= 0 ? select(survey, tokens, begin + 1, around, names) : undefined
  const root = found?.frame.drafts[0]
  if (!root || found.end !== tokens?.length) {
    survey.opaque ??= 'a relational query of an unknown form'
    return names
  }
  // The table that the query is about comes first, and each row of the result is one of its rows.
  survey.drafts.splice(survey.drafts.indexOf(root), 1)
  survey.drafts.splice(first, 0, root)
  survey.related = relatedOf(found.frame)
  return names
}

function relatedOf({ all, relations }: Frame): RelatedDrafts {
  return {
    drafts: all,
    related(name) {
      const frame = relations.get(name)
      return frame && relatedOf(frame)
    },
  }
}

/** SQLite's `(select json_group_array(…)` stands in SQL of its own, the rest of that SELECT outside. */
function flattened(nodes: readonly Node[]): readonly Node[] {
  return nodes.flatMap((node) => (node.piece.kind === 'sql' && !isClosed(node) ? node.children : [node]))
}

/** Reads from after SELECT to the parenthesis that closes it. `end` is that one's index, or the number of tokens. */
function select(
  survey: Survey,
  tokens: readonly Token[],
  begin: number,
  around: Scope | undefined,
  names: Scope,
): { readonly end: number; readonly frame: Frame } {
  const frame: Frame = {
    scope: { sources: new Map(), around },
    drafts: [],
    all: [],
    relations: new Map(),
    conditions: [],
    open: undefined,
  }
  let depth = 0
  survey.selects++
  let at = begin
  for (; at < tokens.length; at++) {
    const token = tokens[at] as Token
    if (token === ')' && depth-- === 0) break
    if (token === '(' && tokens[at + 1] === 'SELECT') {
      const inner = select(survey, tokens, at + 2, frame.scope, names)
      derived(frame, inner.frame, tokens, at, inner.end)
      at = inner.end
      frame.open?.push('(', ')')
      continue
    }
    if (token === '(') depth++
    const more = follow(frame, token, depth)
    if (more) at = source(survey, frame, tokens, at, names)
    if (token === 'JOIN') survey.joins++
  }
  for (const condition of frame.conditions)
    applyFacts(frame.scope, factsIn(condition, survey.names.column), frame.drafts)
  return { end: at, frame }
}

/** Opens and closes conditions as their words go by. True for a word that a table follows. */
function follow(frame: Frame, token: Token, depth: number): boolean {
  if (depth === 0 && typeof token === 'string' && ENDS.has(token)) frame.open = undefined
  if (token === 'FROM' || token === 'JOIN') return true
  if (depth === 0 && (token === 'WHERE' || token === 'ON')) {
    frame.open = []
    frame.conditions.push(frame.open)
  } else frame.open?.push(token)
  return false
}

/** `from (select … from table as d0 …) as d0`: the rows are those of the table inside. */
function derived(frame: Frame, inner: Frame, tokens: readonly Token[], open: number, close: number): void {
  const name = tokens[close + 1] === 'AS' ? nameIn(tokens[close + 2]) : undefined
  const from = tokens[open - 1] === 'FROM'
  // PostgreSQL joins what a relation shows, SQLite selects it.
  if (name !== undefined && (tokens[open - 1] === 'LATERAL' || !(from || frame.all.length)))
    frame.relations.set(name, frame.relations.has(name) ? undefined : inner)
  if (!from || frame.all.length) return
  frame.all.push(...inner.all)
  for (const [relation, one] of inner.relations) frame.relations.set(relation, one)
  if (name === undefined) return
  const draft = inner.drafts[0]
  frame.scope.sources.set(name, draft)
  // Its own conditions were applied inside; the outermost FROM still tells what the query is about.
  if (draft) frame.drafts.push(draft)
}

function add({ drafts, all }: Frame, draft: Draft): void {
  drafts.push(draft)
  all.push(draft)
}

/** Adds the table after FROM or JOIN. @returns the index of its last token. */
function source(survey: Survey, frame: Frame, tokens: readonly Token[], at: number, names: Scope): number {
  const next = tokens[at + 1]
  if (next === '(' || next === 'LATERAL') return at
  if (typeof next === 'object' && /^(?:table|view|nested)$/.test(next.piece.kind)) {
    const { piece } = next
    const given =
      piece.kind === 'table'
        ? piece.table
        : piece.kind === 'view'
          ? piece.view
          : piece.kind === 'nested' && piece.given
    const draft = addSource(survey, frame.scope, given)
    if (draft) add(frame, draft)
    return at + 1
  }
  // name as alias, or schema.name as alias
  const last = tokens[at + 2] === '.' ? at + 3 : at + 1
  const table = nameIn(tokens[last])
  const alias = tokens[last + 1] === 'AS' ? nameIn(tokens[last + 2]) : undefined
  if (table === undefined || alias === undefined) {
    survey.opaque ??= 'a relational query of an unknown form'
    return at
  }
  if (survey.names.blind(table)) survey.opaque ??= `the view ${table}`
  const draft = addTable(survey, frame.scope, table, alias)
  add(frame, draft)
  // Two relations of one query may use the same alias: from outside, neither can be told.
  names.sources.set(alias, names.sources.has(alias) ? undefined : draft)
  return last + 2
}
