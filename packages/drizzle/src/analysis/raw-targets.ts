import { type SqlDialect, sqlWords } from '@larder/core/host'
import type { Node } from '../sql/tree.ts'

/** Statements whose target follows them at once; any other writing statement may reach tables it does not name. */
const FIRST: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'WITH'])
const VERBS: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'MERGE', 'TRUNCATE'])
/** DO UPDATE, FOR UPDATE, ON DUPLICATE KEY UPDATE: not statements. */
const NO_STATEMENT: ReadonlySet<string> = new Set(['DO', 'FOR', 'KEY'])
const TARGET_NEXT =
  /\b(?:insert\s+(?:ignore\s+)?into|update(?:\s+only)?|delete\s+from(?:\s+only)?|replace\s+into)\s*$/i
/** What may follow the target: an alias, and the clause that belongs to it. A comma or JOIN names another target (MySQL). */
const AFTER_TARGET =
  /^\s*(?:(?:as\s+)?\w+\s+)??(?:set\b|where\b|using\b|returning\b|values\b|select\b|default\b|on\b|with\b|;?\s*$|\()/i

/** How many statements that write are among the words of a text. */
export function writingVerbs(words: readonly string[]): number {
  const verbs = words.filter(
    (word, at) => VERBS.has(word) && !NO_STATEMENT.has(words[at - 1] ?? '') && words[at + 1] !== '(',
  )
  return verbs.length
}

/**
 * True if every table that raw SQL writes stands in its template as a table object: each INSERT INTO, UPDATE and DELETE
 * FROM is followed by one. Then the tables of the template are all it can change.
 */
export function namesItsTargets(root: Node, text: string, dialect: SqlDialect): boolean {
  const words = sqlWords(text, dialect)
  if (!words || words.includes(';') || !FIRST.has(words[0] ?? '')) return false
  const pieces: Node['piece'][] = []
  flatten(root, pieces)
  const targets = pieces.filter((piece, at) => {
    const next = pieces[at + 1]
    const after = pieces[at + 2]
    return (
      piece.kind === 'text' &&
      TARGET_NEXT.test(piece.text) &&
      next?.kind === 'table' &&
      (after === undefined || (after.kind === 'text' && AFTER_TARGET.test(after.text)))
    )
  })
  return targets.length > 0 && targets.length === writingVerbs(words)
}

function flatten(node: Node, into: Node['piece'][]): void {
  const { piece, children } = node
  if (piece.kind === 'nothing' || (piece.kind === 'text' && piece.text.trim() === '')) return
  if (piece.kind !== 'sql') into.push(piece)
  for (const child of children) flatten(child, into)
}
