import { is, SQL, Table, type View } from 'drizzle-orm'
import { nameOfToken, type Token, tokensOf } from '../sql/tokens.ts'
import { type SqlNode, treeOf } from '../sql/tree.ts'
import { physicalName, viewConfig } from '../versions/names.ts'

/** The query of a view. Undefined for one declared with `existing()`. */
export function definitionOf(view: View): SQL | undefined {
  const { query } = viewConfig(view)
  return is(query, SQL) ? query : undefined
}

/**
 * The tables and views that a view's query reads. Undefined where they are unknown: raw SQL that names a table in its
 * text, or that cannot be parsed.
 * @param knownNames the names of all tables and views of the schema.
 */
export function sourcesOf(query: SQL, knownNames: ReadonlySet<string>): readonly string[] | undefined {
  const tree = treeOf(query)
  const tokens = tree && tokensUnder(tree.root)
  if (!tokens) return undefined
  const sources = new Set<string>()
  for (const token of tokens) {
    const name = tableOfToken(token)
    if (name !== undefined) sources.add(name)
  }
  for (const name of sourceNames(tokens)) {
    // The sources of a CTE are found where its own SQL is.
    if (name !== undefined && knownNames.has(name)) sources.add(name)
    else if (name === undefined || !isCte(tokens, name)) return undefined
  }
  return sources.size ? [...sources] : undefined
}

/** The table or view that a token is, or is a column of. */
function tableOfToken(token: Token): string | undefined {
  if (typeof token === 'string') return undefined
  const { piece } = token
  if (piece.kind === 'table') return physicalName(piece.table)
  if (piece.kind === 'column' && is(piece.column.table, Table)) return physicalName(piece.column.table)
  return piece.kind === 'view' ? viewConfig(piece.view).originalName : undefined
}

/** All words, signs and objects in order. Undefined where some text cannot be parsed. */
function tokensUnder(node: SqlNode): readonly Token[] | undefined {
  const { piece, children } = node
  if (piece.kind !== 'sql' && piece.kind !== 'list' && piece.kind !== 'nested') return tokensOf([node])
  const tokens: Token[] = []
  for (const child of children) {
    const childTokens = tokensUnder(child)
    if (!childTokens) return undefined
    tokens.push(...childTokens)
  }
  return piece.kind === 'sql' ? tokens : ['(', ...tokens, ')']
}

/** Words that end the list of sources after FROM. */
const END_OF_SOURCES: ReadonlySet<string> = new Set([
  ...['SELECT', 'VALUES', 'WITH', 'WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH'],
  ...['FOR', 'UNION', 'EXCEPT', 'INTERSECT', 'RETURNING'],
])
/** Words that may precede a source. */
const SOURCE_PREFIX: ReadonlySet<Token> = new Set(['LATERAL', 'ONLY'])

/** The names at the positions of sources, except tables given as objects. Undefined for a source without a name. */
function sourceNames(tokens: readonly Token[]): readonly (string | undefined)[] {
  const names: (string | undefined)[] = []
  for (const at of sourcePositions(tokens)) {
    const start = SOURCE_PREFIX.has(tokens[at] ?? '') ? at + 1 : at
    const source = tokens[start]
    if (source === '(' || (typeof source === 'string' && END_OF_SOURCES.has(source))) continue
    if (typeof source === 'object' && (source.piece.kind === 'table' || source.piece.kind === 'view'))
      continue
    // name, or schema.name
    names.push(nameOfToken(tokens[start + 1] === '.' ? tokens[start + 2] : source))
  }
  return names
}

/** Where a source begins: after FROM, JOIN, a comma between sources, and the parenthesis of `from (a join b …)`. */
function* sourcePositions(tokens: readonly Token[]): Generator<number> {
  // For each open parenthesis, whether it interrupts a list of sources.
  const outer: boolean[] = []
  let inSources = false
  for (const [at, token] of tokens.entries()) {
    if (token === '(') {
      outer.push(inSources)
      inSources = inSources && beginsSource(tokens[at - 1])
      if (inSources) yield at + 1
    } else if (token === ')') inSources = outer.pop() ?? false
    // In `extract(year from …)` and `is distinct from …` a value follows.
    else if ((token === 'FROM' || token === 'JOIN') && !isValue(tokens[at + 1])) {
      inSources = true
      yield at + 1
    } else if (token === ',' && inSources) yield at + 1
    else if (typeof token === 'string' && END_OF_SOURCES.has(token)) inSources = false
  }
}

const beginsSource = (previous: Token | undefined): boolean =>
  previous === 'FROM' ||
  previous === 'JOIN' ||
  previous === ',' ||
  previous === '(' ||
  SOURCE_PREFIX.has(previous ?? '')

const isValue = (token: Token | undefined): boolean =>
  typeof token === 'object' && (token.piece.kind === 'column' || token.piece.kind === 'value')

/** True for the name of a CTE: `name as (`. */
function isCte(tokens: readonly Token[], name: string): boolean {
  return tokens.some(
    (token, at) =>
      nameOfToken(token) === name &&
      tokens[at + 1] === 'AS' &&
      tokens.slice(at + 2, at + 5).find((next) => next !== 'NOT' && next !== 'MATERIALIZED') === '(',
  )
}
