/** SQLSTATEs of a lost connection or server, or of an unknown outcome. */
const LOST = /^(?:08|57P|58|70|XX|40003)/
/** MySQL's code for a COMMIT that failed midway. Its SQLSTATE is unspecific. */
const DURING_COMMIT = 'ER_ERROR_DURING_COMMIT'
/** The form of a SQLSTATE. No error code of Node.js has it. */
const SQL_STATE = /^[0-9FHPX][0-9A-Z]{4}$/
/** SQLite's codes for a statement that it rejected or could not run. Not those of a lost or damaged database. */
const SQLITE_FAILED = /^SQLITE_(?:ERROR|CONSTRAINT|BUSY|LOCKED|READONLY|MISMATCH|RANGE|TOOBIG|AUTH|SCHEMA)/

/** True if `error` proves that a statement committed nothing, because the server itself rejected it. */
export function statementFailed(error: unknown): boolean {
  const cause = driverError(error)
  const state = sqlState(cause)
  if (state !== undefined) return !LOST.test(state) && cause?.code !== DURING_COMMIT
  return SQLITE_FAILED.test(String(cause?.code ?? ''))
}

/** True if `error`, thrown after COMMIT was sent, proves that the transaction was rolled back. */
export function commitFailed(error: unknown): boolean {
  const cause = driverError(error)
  const state = sqlState(cause)
  if (state !== undefined) return /^(?:23|40)/.test(state) && state !== '40003'
  return /^SQLITE_CONSTRAINT/.test(String(cause?.code ?? ''))
}

interface DriverError {
  readonly code?: unknown
  /** MySQL's. */
  readonly sqlState?: unknown
  readonly cause?: unknown
}

/** The error of the driver, which Drizzle wraps. */
function driverError(error: unknown): DriverError | undefined {
  let cause = error as DriverError | undefined
  for (let depth = 0; depth < 5 && cause && cause.code === undefined && cause.cause !== undefined; depth++)
    cause = cause.cause as DriverError
  return typeof cause === 'object' && cause !== null ? cause : undefined
}

function sqlState(error: DriverError | undefined): string | undefined {
  const state = error?.sqlState ?? error?.code
  return typeof state === 'string' && SQL_STATE.test(state) ? state : undefined
}
