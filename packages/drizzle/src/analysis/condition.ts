import type { Column } from 'drizzle-orm'
import { isClosed } from '../sql/self-contained.ts'
import { closingOf, nameIn, type Token, tokensOf } from '../sql/tokens.ts'
import type { Node } from '../sql/tree.ts'
import { nameInStatement } from '../versions/names.ts'

/** A column of a source, by the name the source has in the statement. */
export interface Place {
  readonly source: string
  readonly column: string
}

/** `column = parameter`, or `column in (parameter, …)`: indices among the statement's parameters. */
export interface Equality extends Place {
  readonly parameters: readonly number[]
}

/** `column = other column`. */
export type Link = readonly [Place, Place]

/** What a condition proves of every row that passes it. */
export interface Facts {
  readonly equalities: Equality[]
  readonly links: Link[]
}

/** Physical name of a column. */
export type ColumnName = (column: Column) => string

/** The plain equalities that hold wherever the condition under `node` does: those at the top, joined by AND. */
export function factsOf(node: Node | undefined, nameOf: ColumnName): Facts {
  const tokens = node?.piece.kind === 'sql' && isClosed(node) ? tokensOf(node.children) : undefined
  return factsIn(tokens ?? [], nameOf)
}

/** The same for a condition that is a stretch of a longer text. */
export function factsIn(tokens: readonly Token[], nameOf: ColumnName): Facts {
  const facts: Facts = { equalities: [], links: [] }
  // One member that is not understood leaves the others in doubt: `a between 1 and b = 2` has but one.
  return conjunction(tokens, nameOf, facts) ? facts : { equalities: [], links: [] }
}

/** member AND member …: true if the tokens are that and nothing else. Adds what the members say. */
function conjunction(tokens: readonly Token[], nameOf: ColumnName, facts: Facts): boolean {
  for (let at = 0; at < tokens.length; at++) {
    const end = member(tokens, at, nameOf, facts)
    if (end < 0) return false
    if (end === tokens.length) return true
    if (tokens[end] !== 'AND') return false
    at = end
  }
  return false
}

/** Reads one member of a conjunction. @returns the index after it, -1 for what it does not know. */
function member(tokens: readonly Token[], start: number, nameOf: ColumnName, facts: Facts): number {
  let at = start
  while (tokens[at] === 'NOT' || tokens[at] === 'EXISTS') at++
  const first = tokens[at]
  if (first === '(') {
    const close = closingOf(tokens, at)
    const inside = tokens.slice(at + 1, close)
    if (close < 0 || !inside.every(stands)) return -1
    // What stands under NOT, or holds an OR, says nothing.
    if (at === start) merge(facts, factsIn(inside, nameOf))
    return close + 1
  }
  if (at !== start || typeof first !== 'object') return -1
  if (first.piece.kind === 'sql') return nested(first, nameOf, facts) ? at + 1 : -1
  return comparison(tokens, at, nameOf, facts)
}

const stands = (token: Token): boolean =>
  typeof token === 'string' || token.piece.kind !== 'sql' || isClosed(token)

function nested(node: Node, nameOf: ColumnName, facts: Facts): boolean {
  if (!isClosed(node)) return false
  merge(facts, factsOf(node, nameOf))
  return true
}

function comparison(tokens: readonly Token[], start: number, nameOf: ColumnName, facts: Facts): number {
  const left = placeAt(tokens, start, nameOf)
  if (!left) return -1
  const right = tokens[left.end + 1]
  if (tokens[left.end] === 'IN' && typeof right === 'object' && right.piece.kind === 'list') {
    const parameters = right.children.map((item) => item.parameter)
    if (parameters.every((parameter) => parameter !== undefined))
      facts.equalities.push({ ...left.place, parameters })
    return left.end + 2
  }
  if (tokens[left.end] !== '=' || right === undefined) return -1
  if (typeof right === 'object' && right.parameter !== undefined) {
    facts.equalities.push({ ...left.place, parameters: [right.parameter] })
    return left.end + 2
  }
  const other = placeAt(tokens, left.end + 1, nameOf)
  if (!other) return -1
  facts.links.push([left.place, other.place])
  return other.end
}

/** A column, as itself or as `source.name`. */
function placeAt(
  tokens: readonly Token[],
  at: number,
  nameOf: ColumnName,
): { readonly place: Place; readonly end: number } | undefined {
  const token = tokens[at]
  if (typeof token === 'object' && token.piece.kind === 'column') {
    const { column } = token.piece
    return { place: { source: nameInStatement(column.table), column: nameOf(column) }, end: at + 1 }
  }
  const source = nameIn(token)
  const column = nameIn(tokens[at + 2])
  if (source === undefined || column === undefined || tokens[at + 1] !== '.') return undefined
  return { place: { source, column }, end: at + 3 }
}

function merge(into: Facts, from: Facts): void {
  into.equalities.push(...from.equalities)
  into.links.push(...from.links)
}
