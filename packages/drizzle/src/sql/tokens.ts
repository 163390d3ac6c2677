import type { Node } from './tree.ts'

/** A word (in capitals), a sign, or a literal (`?`) of SQL text; or something in the tree that is no text. */
export type Token = string | Node

/**
 * The text among `nodes` cut into words and signs, what is no text left whole. Undefined where a quote, a comment or an
 * escape could hide anything.
 */
export function tokensOf(nodes: readonly Node[]): readonly Token[] | undefined {
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

/** Index of the parenthesis that closes the one at `open`; -1 if none does. */
export function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at] === '(') depth++
    else if (tokens[at] === ')' && --depth === 0) return at
  }
  return -1
}

/** The name a token stands for; undefined for what is no name. */
export function nameIn(token: Token | undefined): string | undefined {
  return typeof token === 'object' && token.piece.kind === 'name' ? token.piece.name : undefined
}
