import { CacheError } from '../base/errors.ts'
import type { ColumnType } from './table.ts'

/**
 * Collations of MySQL and MariaDB that hold letters and digits of ASCII for equal only if they differ in case at most.
 * What they make of other characters differs, and is not relied on. Languages' own collations are not among them: in
 * some of these two ASCII letters are equal (`i` is `j` in `utf8mb4_roman_ci`).
 */
const ASCII: ReadonlySet<string> = new Set([
  ...['general', 'unicode', 'unicode_520', 'general_nopad', 'unicode_nopad', 'unicode_520_nopad'].flatMap(
    (name) => ['utf8mb4', 'utf8mb3', 'utf8'].map((charset) => `${charset}_${name}_ci`),
  ),
  ...['ai_ci', 'as_ci', 'as_cs'].map((strength) => `utf8mb4_0900_${strength}`),
  ...['ai_ci', 'as_ci', 'ai_cs', 'as_cs'].flatMap((strength) =>
    ['uca1400', 'uca1400_nopad'].flatMap((name) =>
      ['', 'utf8mb4_', 'utf8mb3_'].map((charset) => `${charset}${name}_${strength}`),
    ),
  ),
  ...['latin1_swedish_ci', 'latin1_general_ci', 'latin1_bin', 'ascii_general_ci', 'ascii_bin'],
])

/** Collations that hold texts for equal only if they are the same, but for spaces at the end. */
const BINARY: ReadonlySet<string> = new Set([
  ...['utf8mb4', 'utf8mb3', 'utf8'].flatMap((charset) => [`${charset}_bin`, `${charset}_nopad_bin`]),
  'utf8mb4_0900_bin',
])

/**
 * How text of a collation is compared. Of `ascii-text`, only values of printable ASCII name rows.
 * @param option where the user wrote it.
 * @throws CacheError for a collation that Larder does not know.
 */
export function collatedText(collation: string, option: string): ColumnType {
  const name = String(collation).toLowerCase()
  if (BINARY.has(name)) return 'text'
  if (ASCII.has(name)) return 'ascii-text'
  throw new CacheError(
    'LARDER_CONFIG',
    `${option} is ${JSON.stringify(collation)}: give one of ${[...BINARY, ...ASCII].join(', ')}; or leave it out, and reads by text keys depend on the whole table`,
  )
}
