import * as parser from 'libpg-query'

type Change = (name: string, value: unknown) => unknown

/** How each fault changes the tree. */
const FAULTS: Readonly<Record<string, Change>> = {
  'that forgets CTEs': (name, value) => (name === 'withClause' ? undefined : value),
  'that takes every function for harmless': (name, value) =>
    name === 'funcname' ? [{ String: { sval: 'now' } }] : value,
  'that stops at the first statement': (name, value) =>
    name === 'stmts' ? (value as readonly unknown[]).slice(0, 1) : value,
  'that does not see CASCADE': (name, value) => (name === 'behavior' ? 'DROP_RESTRICT' : value),
  'that takes another table for the target': (name, value) =>
    name === 'relname' && value === 'blog_posts' ? 'blog_tags' : value,
}

export const parserFaults: readonly string[] = Object.keys(FAULTS)

/** A parser that is right once, when Larder checks it, and faulty from then on. */
export function faultyParser(fault: string): () => Promise<unknown> {
  const change = FAULTS[fault] as Change
  let tried = false
  const parseSync = (text: string): unknown => {
    const tree = parser.parseSync(text)
    if (tried) return JSON.parse(JSON.stringify(tree), change)
    tried = true
    return tree
  }
  return async () => ({ loadModule: parser.loadModule, parseSync })
}
