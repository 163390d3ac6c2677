import { type SqlDialect, sqlWords } from '@larder/core/host'
import type { SqlNode } from '../sql/tree.ts'

/** First words of statements whose target directly follows. Any other writing statement may reach tables it does not name. */
const FIRST_WORDS: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'WITH'])
const VERBS: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'MERGE', 'TRUNCATE'])
/** DO UPDATE, FOR UPDATE and ON DUPLICATE KEY UPDATE are not statements. */
const BEFORE_NON_STATEMENT: ReadonlySet<string> = new Set(['DO', 'FOR', 'KEY'])
const BEFORE_TARGET =
  /\b(?:insert\s+(?:ignore\s+)?into|update(?:\s+only)?|delete\s+from(?:\s+only)?|replace\s+into)\s*$/i
/** What may follow the target: an alias and the clause that belongs to it. A comma or JOIN adds another target (MySQL). */
const AFTER_TARGET =
  /^\s*(?:(?:as\s+)?\w+\s+)??(?:set\b|where\b|using\b|returning\b|values\b|select\b|default\b|on\b|with\b|;?\s*$|\()/i

/** Counts the writing statements among the words of a text. */
export function countWritingVerbs(words: readonly string[]): number {
  const verbs = words.filter(
    (word, at) => VERBS.has(word) && !BEFORE_NON_STATEMENT.has(words[at - 1] ?? '') && words[at + 1] !== '(',
  )
  return verbs.length
}

/**
 * True if every table that raw SQL writes is in its template as a table object: one directly follows each INSERT INTO,
 * UPDATE and DELETE FROM. The statement then changes no other tables.
 */
export function namesAllTargets(root: SqlNode, text: string, dialect: SqlDialect): boolean {
  const words = sqlWords(text, dialect)
  if (!words || words.includes(';') || !FIRST_WORDS.has(words[0] ?? '')) return false
  const pieces: SqlNode['piece'][] = []
  flatten(root, pieces)
  const targets = pieces.filter((piece, at) => {
    const next = pieces[at + 1]
    const after = pieces[at + 2]
    return (
      piece.kind === 'text' &&
      BEFORE_TARGET.test(piece.text) &&
      next?.kind === 'table' &&
      (after === undefined || (after.kind === 'text' && AFTER_TARGET.test(after.text)))
    )
  })
  return targets.length > 0 && targets.length === countWritingVerbs(words)
}

function flatten(node: SqlNode, pieces: SqlNode['piece'][]): void {
  const { piece, children } = node
  if (piece.kind === 'nothing' || (piece.kind === 'text' && piece.text.trim() === '')) return
  if (piece.kind !== 'sql') pieces.push(piece)
  for (const child of children) flatten(child, pieces)
}
