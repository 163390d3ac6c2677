import type { SqlNode } from './tree.ts'

/** A word (in capitals), a sign or a literal (`?`) of SQL text, or a node that is not text. */
export type Token = string | SqlNode

/**
 * Splits the text among `nodes` into words and signs. Nodes that are not text are kept whole. Undefined where a quote, a
 * comment or an escape could hide anything.
 */
export function tokensOf(nodes: readonly SqlNode[]): readonly Token[] | undefined {
  const tokens: Token[] = []
  for (const node of nodes) {
    if (node.piece.kind === 'nothing') continue
    if (node.piece.kind !== 'text') {
      tokens.push(node)
      continue
    }
    const text = node.piece.text.replace(/'(?:[^']|'')*'|"[^"]*"/g, ' ? ')
    if (/['";\\`$#]|--|\/\*/.test(text)) return undefined
    for (const [token] of text.matchAll(/[A-Za-z_]\w*|\d[\w.]*|[^\s\w]/g)) tokens.push(token.toUpperCase())
  }
  return tokens
}

/** Index of the parenthesis that closes the one at `open`. -1: none does. */
export function closingParenthesis(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at] === '(') depth++
    else if (tokens[at] === ')' && --depth === 0) return at
  }
  return -1
}

/** The name that a token stands for. Undefined for any other token. */
export function nameOfToken(token: Token | undefined): string | undefined {
  return typeof token === 'object' && token.piece.kind === 'name' ? token.piece.name : undefined
}
