import type { Node } from './tree.ts'

/**
 * True if the SQL under `node` stays one operand between two ANDs: its parentheses are its own and close, and nothing
 * outside them binds weaker than AND. Drizzle puts no parentheses around the members of `and(…)`, so raw SQL like
 * `a or b` in one of them takes the others with it.
 */
export function isClosed(node: Node): boolean {
  const texts: string[] = []
  collect(node, texts)
  const text = texts.join(' ').replace(/'(?:[^']|'')*'/g, ' ')
  // A quote left open, a comment, an escape: whatever they hide could be anything.
  if (/['";\\`$#]|--|\/\*|\|\|/.test(text)) return false
  let depth = 0
  for (const [token] of text.matchAll(/[()]|[A-Za-z_]\w*/g)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 0 && WEAKER.has(token.toUpperCase())) return false
    if (depth < 0) return false
  }
  return depth === 0
}

const WEAKER: ReadonlySet<string> = new Set([
  'OR',
  'XOR',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'ORDER',
  'GROUP',
  'LIMIT',
])

function collect(node: Node, texts: string[]): void {
  const { piece } = node
  if (piece.kind === 'text') texts.push(piece.text)
  // What Drizzle itself puts in parentheses is closed if it is well-formed inside, which its builders see to.
  else if (piece.kind === 'nested') texts.push('( )')
  else for (const child of node.children) collect(child, texts)
}
