/**
 * The severity of a finding.
 * - `danger`: a cached read may be stale.
 * - `warning`: a promise is weaker than it could be, or the cache less useful.
 * - `note`: costs precision, or may surprise. No read is stale because of it.
 */
export type Level = 'danger' | 'warning' | 'note'

/** One difference between declaration and database, or one setting. */
export interface Finding {
  readonly level: Level
  /** Stable. `--ignore` accepts it, alone or as `code:subject`. */
  readonly code: string
  /** The table, or the setting. */
  readonly subject: string
  /** Continues the subject: `is OFF: …`. */
  readonly message: string
  /** What to do. */
  readonly fix: string
}
