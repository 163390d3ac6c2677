import type { SqlNode } from './tree.ts'

/**
 * True if the SQL under `node` stays one operand between two ANDs: its parentheses are balanced, and nothing outside
 * them binds weaker than AND. Drizzle puts no parentheses around the members of `and(…)`, so raw SQL such as `a or b` in
 * one of them changes what the others mean.
 */
export function isSelfContained(node: SqlNode): boolean {
  const texts: string[] = []
  collectText(node, texts)
  const text = texts.join(' ').replace(/'(?:[^']|'')*'/g, ' ')
  // An open quote, a comment or an escape could hide anything.
  if (/['";\\`$#]|--|\/\*|\|\|/.test(text)) return false
  let depth = 0
  for (const [token] of text.matchAll(/[()]|[A-Za-z_]\w*/g)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 0 && WEAKER_THAN_AND.has(token.toUpperCase())) return false
    if (depth < 0) return false
  }
  return depth === 0
}

const WEAKER_THAN_AND: ReadonlySet<string> = new Set([
  'OR',
  'XOR',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'ORDER',
  'GROUP',
  'LIMIT',
])

function collectText(node: SqlNode, texts: string[]): void {
  const { piece } = node
  if (piece.kind === 'text') texts.push(piece.text)
  // What Drizzle puts in parentheses is self-contained, because its builders produce well-formed SQL.
  else if (piece.kind === 'nested') texts.push('( )')
  else for (const child of node.children) collectText(child, texts)
}
