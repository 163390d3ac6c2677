import type { Column } from 'drizzle-orm'
import { isSelfContained } from '../sql/self-contained.ts'
import { closingParenthesis, nameOfToken, type Token, tokensOf } from '../sql/tokens.ts'
import type { SqlNode } from '../sql/tree.ts'
import { nameInStatement } from '../versions/names.ts'

/** A column of a source, by the name that the source has in the statement. */
export interface SourceColumn {
  readonly source: string
  readonly column: string
}

/** `column = parameter` or `column in (parameter, …)`, with indices among the statement's parameters. */
export interface Equality extends SourceColumn {
  readonly parameters: readonly number[]
}

/** `column = other column`. */
export type Link = readonly [SourceColumn, SourceColumn]

/** What a condition proves about every row that satisfies it. */
export interface Facts {
  readonly equalities: Equality[]
  readonly links: Link[]
}

/** Returns the physical name of a column. */
export type ColumnName = (column: Column) => string

/** The plain equalities that a condition implies: those at its top level, joined by AND. */
export function factsOf(node: SqlNode | undefined, columnName: ColumnName): Facts {
  const tokens = node?.piece.kind === 'sql' && isSelfContained(node) ? tokensOf(node.children) : undefined
  return factsIn(tokens ?? [], columnName)
}

/** The same for a condition that is part of a longer text. */
export function factsIn(tokens: readonly Token[], columnName: ColumnName): Facts {
  const facts: Facts = { equalities: [], links: [] }
  // One unknown member casts doubt on all: `a between 1 and b = 2` is a single member.
  return conjunction(tokens, columnName, facts) ? facts : { equalities: [], links: [] }
}

/** Reads `member AND member …` and adds the facts. False if the tokens are anything else. */
function conjunction(tokens: readonly Token[], columnName: ColumnName, facts: Facts): boolean {
  for (let at = 0; at < tokens.length; at++) {
    const end = member(tokens, at, columnName, facts)
    if (end < 0) return false
    if (end === tokens.length) return true
    if (tokens[end] !== 'AND') return false
    at = end
  }
  return false
}

/** Reads one member of a conjunction. Returns the index after it, or -1 for an unknown form. */
function member(tokens: readonly Token[], start: number, columnName: ColumnName, facts: Facts): number {
  let at = start
  while (tokens[at] === 'NOT' || tokens[at] === 'EXISTS') at++
  const first = tokens[at]
  if (first === '(') {
    const close = closingParenthesis(tokens, at)
    const inside = tokens.slice(at + 1, close)
    if (close < 0 || !inside.every(isOperand)) return -1
    // Under NOT, or with an OR inside, the parentheses prove nothing.
    if (at === start) merge(facts, factsIn(inside, columnName))
    return close + 1
  }
  if (at !== start || typeof first !== 'object') return -1
  if (first.piece.kind === 'sql') return nestedCondition(first, columnName, facts) ? at + 1 : -1
  return comparison(tokens, at, columnName, facts)
}

const isOperand = (token: Token): boolean =>
  typeof token === 'string' || token.piece.kind !== 'sql' || isSelfContained(token)

function nestedCondition(node: SqlNode, columnName: ColumnName, facts: Facts): boolean {
  if (!isSelfContained(node)) return false
  merge(facts, factsOf(node, columnName))
  return true
}

function comparison(tokens: readonly Token[], start: number, columnName: ColumnName, facts: Facts): number {
  const left = columnAt(tokens, start, columnName)
  if (!left) return -1
  const right = tokens[left.end + 1]
  if (tokens[left.end] === 'IN' && typeof right === 'object' && right.piece.kind === 'list') {
    const parameters = right.children.map((item) => item.parameter)
    if (parameters.every((parameter) => parameter !== undefined))
      facts.equalities.push({ ...left.column, parameters })
    return left.end + 2
  }
  if (tokens[left.end] !== '=' || right === undefined) return -1
  if (typeof right === 'object' && right.parameter !== undefined) {
    facts.equalities.push({ ...left.column, parameters: [right.parameter] })
    return left.end + 2
  }
  const other = columnAt(tokens, left.end + 1, columnName)
  if (!other) return -1
  facts.links.push([left.column, other.column])
  return other.end
}

/** Reads a column, as an object or as `source.name`. */
function columnAt(
  tokens: readonly Token[],
  at: number,
  columnName: ColumnName,
): { readonly column: SourceColumn; readonly end: number } | undefined {
  const token = tokens[at]
  if (typeof token === 'object' && token.piece.kind === 'column') {
    const { column } = token.piece
    return { column: { source: nameInStatement(column.table), column: columnName(column) }, end: at + 1 }
  }
  const source = nameOfToken(token)
  const column = nameOfToken(tokens[at + 2])
  if (source === undefined || column === undefined || tokens[at + 1] !== '.') return undefined
  return { column: { source, column }, end: at + 3 }
}

function merge(into: Facts, from: Facts): void {
  into.equalities.push(...from.equalities)
  into.links.push(...from.links)
}
