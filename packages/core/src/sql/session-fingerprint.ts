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

/** Whether the connections of one client still mean by a statement what they meant when they were opened. */
export interface SessionMeaning {
  /**
   * True from the first raw SQL that altered a session: which connection it reached is not known. A property, because
   * every read asks for it.
   */
  readonly altered: boolean
  /** To be told of raw SQL before it runs. The first that alters a session is warned of. */
  look(text: string, dialect: SqlDialect): void
}

export function sessionFingerprint(
  warn: (warning: { code: string; message: string }) => void,
): SessionMeaning {
  const meaning = {
    altered: false,
    look(text: string, dialect: SqlDialect): void {
      if (meaning.altered || !altersSession(text, dialect)) return
      meaning.altered = true
      const message =
        'raw SQL changed a setting of its session (SET, USE, set_config): the same query may find other rows from now on, so nothing is cached any more. Use SET LOCAL in a transaction, or give connections their settings when they are opened'
      warn({ code: 'session-altered', message })
    },
  }
  return meaning
}
