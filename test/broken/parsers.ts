import * as parser from 'libpg-query'

type Change = (name: string, value: unknown) => unknown

/** How each fault changes the tree. */
const FAULTS: Readonly<Record<string, Change>> = {
  'that ignores CTEs': (name, value) => (name === 'withClause' ? undefined : value),
  'that treats every function as harmless': (name, value) =>
    name === 'funcname' ? [{ String: { sval: 'now' } }] : value,
  'that stops at the first statement': (name, value) =>
    name === 'stmts' ? (value as readonly unknown[]).slice(0, 1) : value,
  'that ignores CASCADE': (name, value) => (name === 'behavior' ? 'DROP_RESTRICT' : value),
  'that reports another table as the target': (name, value) =>
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
