import { QUOTING, type SqlDialect } from './dialect.ts'
import { words } from './words.ts'

/**
 * The words of a SQL text in upper case, with `(` and `;` between them; comments, strings and quoted names left out.
 * Undefined when a quote or comment does not end, or a comment is executed: then nothing can be said.
 */
export function sqlWords(text: string, dialect: SqlDialect): readonly string[] | undefined {
  return words(text, QUOTING[dialect])
}
