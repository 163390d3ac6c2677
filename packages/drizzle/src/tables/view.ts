import { is, SQL, Table, type View } from 'drizzle-orm'
import { nameIn, type Token, tokensOf } from '../sql/tokens.ts'
import { type Node, treeOf } from '../sql/tree.ts'
import { physicalName, viewConfig } from '../versions/names.ts'

/** The query that a view is declared with; undefined for one declared `existing()`. */
export function definitionOf(view: View): SQL | undefined {
  const { query } = viewConfig(view)
  return is(query, SQL) ? query : undefined
}

/**
 * The tables (and views) that a view's query reads, as far as it shows: `known` holds all names there are. Undefined
 * where it does not: raw SQL that names a table in its text, or cannot be read.
 */
export function sourcesOf(query: SQL, known: ReadonlySet<string>): readonly string[] | undefined {
  const tree = treeOf(query)
  const tokens = tree && tokensUnder(tree.root)
  if (!tokens) return undefined
  const found = new Set<string>()
  for (const token of tokens) {
    const name = tableIn(token)
    if (name !== undefined) found.add(name)
  }
  for (const name of sourceNames(tokens)) {
    // A CTE is read where its own SQL stands.
    if (name !== undefined && known.has(name)) found.add(name)
    else if (name === undefined || !isCte(tokens, name)) return undefined
  }
  return found.size ? [...found] : undefined
}

/** The table or view that a token is, or is a column of. */
function tableIn(token: Token): string | undefined {
  if (typeof token === 'string') return undefined
  const { piece } = token
  if (piece.kind === 'table') return physicalName(piece.table)
  if (piece.kind === 'column' && is(piece.column.table, Table)) return physicalName(piece.column.table)
  return piece.kind === 'view' ? viewConfig(piece.view).originalName : undefined
}

/** All words, signs and objects in their order; undefined where some text cannot be read. */
function tokensUnder(node: Node): readonly Token[] | undefined {
  const { piece, children } = node
  if (piece.kind !== 'sql' && piece.kind !== 'list' && piece.kind !== 'nested') return tokensOf([node])
  const tokens: Token[] = []
  for (const child of children) {
    const under = tokensUnder(child)
    if (!under) return undefined
    tokens.push(...under)
  }
  return piece.kind === 'sql' ? tokens : ['(', ...tokens, ')']
}

/** Words that end the list of sources that FROM begins. */
const ENDS: ReadonlySet<string> = new Set([
  ...['SELECT', 'VALUES', 'WITH', 'WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH'],
  ...['FOR', 'UNION', 'EXCEPT', 'INTERSECT', 'RETURNING'],
])
/** Words that may stand before a source. */
const BEFORE: ReadonlySet<Token> = new Set(['LATERAL', 'ONLY'])

/** What stands where SQL names its sources, tables as objects left out; undefined for one that is not to be seen. */
function sourceNames(tokens: readonly Token[]): readonly (string | undefined)[] {
  const names: (string | undefined)[] = []
  for (const at of sourcePlaces(tokens)) {
    const first = BEFORE.has(tokens[at] ?? '') ? at + 1 : at
    const source = tokens[first]
    if (source === '(' || (typeof source === 'string' && ENDS.has(source))) continue
    if (typeof source === 'object' && (source.piece.kind === 'table' || source.piece.kind === 'view'))
      continue
    // name, or schema.name
    names.push(nameIn(tokens[first + 1] === '.' ? tokens[first + 2] : source))
  }
  return names
}

/** Where a source begins: after FROM, JOIN, a comma between sources, and the parenthesis of `from (a join b …)`. */
function* sourcePlaces(tokens: readonly Token[]): Generator<number> {
  // For each open parenthesis, whether what stands in it now is a list of sources.
  const lists: boolean[] = []
  let listing = false
  for (const [at, token] of tokens.entries()) {
    if (token === '(') {
      lists.push(listing)
      listing = listing && begins(tokens[at - 1])
      if (listing) yield at + 1
    } else if (token === ')') listing = lists.pop() ?? false
    // `extract(year from …)`, `is distinct from …`: what follows is a value.
    else if ((token === 'FROM' || token === 'JOIN') && !isValue(tokens[at + 1])) {
      listing = true
      yield at + 1
    } else if (token === ',' && listing) yield at + 1
    else if (typeof token === 'string' && ENDS.has(token)) listing = false
  }
}

const begins = (token: Token | undefined): boolean =>
  token === 'FROM' || token === 'JOIN' || token === ',' || token === '(' || BEFORE.has(token ?? '')

const isValue = (token: Token | undefined): boolean =>
  typeof token === 'object' && (token.piece.kind === 'column' || token.piece.kind === 'value')

/** True for the name of a CTE: `name as (`. */
function isCte(tokens: readonly Token[], name: string): boolean {
  return tokens.some(
    (token, at) =>
      nameIn(token) === name &&
      tokens[at + 1] === 'AS' &&
      tokens.slice(at + 2, at + 5).find((next) => next !== 'NOT' && next !== 'MATERIALIZED') === '(',
  )
}
