/**
 * How much a finding weighs.
 * - `danger`: a cached read may be stale.
 * - `warning`: a promise is weaker than it could be, or the cache worse.
 * - `note`: nothing is lost; it is said because it may surprise.
 */
export type Level = 'danger' | 'warning' | 'note'

/** One difference, or one setting. */
export interface Finding {
  readonly level: Level
  /** Stable; `--ignore` takes it, alone or as `code:subject`. */
  readonly code: string
  /** The table, or the setting. */
  readonly subject: string
  readonly message: string
  /** What to do. */
  readonly fix: string
}
