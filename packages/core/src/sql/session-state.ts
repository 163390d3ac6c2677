import type { SqlDialect } from './dialect.ts'
import { sqlWords } from './text.ts'

/** Settings that change how long a statement may take, or how it is carried out, and never what it returns. */
const HARMLESS = new Set(
  `STATEMENT_TIMEOUT LOCK_TIMEOUT IDLE_IN_TRANSACTION_SESSION_TIMEOUT IDLE_SESSION_TIMEOUT TRANSACTION_TIMEOUT
  DEADLOCK_TIMEOUT CLIENT_CONNECTION_CHECK_INTERVAL APPLICATION_NAME CLIENT_MIN_MESSAGES SYNCHRONOUS_COMMIT WORK_MEM
  MAINTENANCE_WORK_MEM TEMP_BUFFERS JIT CONSTRAINTS CHARACTERISTICS TRANSACTION AUTOCOMMIT LOCAL
  MAX_EXECUTION_TIME MAX_STATEMENT_TIME WAIT_TIMEOUT NET_READ_TIMEOUT NET_WRITE_TIMEOUT LOCK_WAIT_TIMEOUT
  INNODB_LOCK_WAIT_TIMEOUT FOREIGN_KEY_CHECKS UNIQUE_CHECKS SQL_LOG_BIN`.split(/\s+/),
)

/**
 * True if SQL leaves its session such that the same statement may return something else afterwards: SET of a search
 * path, a role, a time zone; USE; `set_config`. Not what ends with its transaction, nor RESET, which leads back to what
 * the connection began with.
 */
export function altersSession(text: string, dialect: SqlDialect): boolean {
  const words = sqlWords(text, dialect)
  if (!words) return false
  const configures = words.some((word, at) => word === 'SET_CONFIG' && words[at + 1] === '(')
  if (configures && !/\bset_config\s*\([^()]*,\s*true\s*\)/i.test(text)) return true
  return words.some((word, at) => (at === 0 || words[at - 1] === ';') && altering(word, words, at, text))
}

function altering(first: string, words: readonly string[], at: number, text: string): boolean {
  if (first === 'USE') return true
  // MySQL's own variables stand in the text of whatever reads them.
  if (first !== 'SET' || /^\s*set\s+@(?!@)/i.test(text)) return false
  const [next = '', after = ''] = words.slice(at + 1)
  const name = next === 'SESSION' ? after : next
  // SET SESSION TRANSACTION, SET SESSION CHARACTERISTICS: of transactions to come.
  return !HARMLESS.has(name) && !name.startsWith('ENABLE_') && !name.startsWith('LOG_')
}

/** Whether raw SQL has changed a setting of one client's connections, so that the same query may return other rows. */
export interface SessionState {
  /**
   * True from the first raw SQL that altered a session: which connection it reached is not known. A property, because
   * every read asks for it.
   */
  readonly altered: boolean
  /** Call it with raw SQL before it runs. Warns of the first that alters a session. */
  inspect(text: string, dialect: SqlDialect): void
}

/**
 * Makes the session state of one client, which begins unaltered.
 * @param warn receives the warning `session-altered`, at most once.
 */
export function createSessionState(warn: (warning: { code: string; message: string }) => void): SessionState {
  const state = {
    altered: false,
    inspect(text: string, dialect: SqlDialect): void {
      if (state.altered || !altersSession(text, dialect)) return
      state.altered = true
      const message =
        'raw SQL changed a setting of its session (SET, USE, set_config): the same query may find other rows from now on, so nothing is cached any more. Use SET LOCAL in a transaction, or give connections their settings when they are opened'
      warn({ code: 'session-altered', message })
    },
  }
  return state
}
