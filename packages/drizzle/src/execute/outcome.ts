/** SQLSTATEs that say that the connection or the server went away, or that the outcome is not known. */
const LOST = /^(?:08|57P|58|70|XX|40003)/
/** MySQL's own word for a COMMIT that went wrong midway; its SQLSTATE says nothing. */
const DURING_COMMIT = 'ER_ERROR_DURING_COMMIT'
/** A SQLSTATE, which no error code of Node's has the form of. */
const SQL_STATE = /^[0-9FHPX][0-9A-Z]{4}$/
/** SQLite's codes for a statement it refused or could not run; not those of a lost or damaged database. */
const SQLITE_FAILED = /^SQLITE_(?:ERROR|CONSTRAINT|BUSY|LOCKED|READONLY|MISMATCH|RANGE|TOOBIG|AUTH|SCHEMA)/

/** True if `error` proves that a statement committed nothing: the server's own refusal of it. */
export function statementFailed(error: unknown): boolean {
  const found = driverError(error)
  const state = sqlState(found)
  if (state !== undefined) return !LOST.test(state) && found?.code !== DURING_COMMIT
  return SQLITE_FAILED.test(String(found?.code ?? ''))
}

/** True if `error`, raised when COMMIT had been sent, proves that the transaction was rolled back. */
export function commitFailed(error: unknown): boolean {
  const found = driverError(error)
  const state = sqlState(found)
  if (state !== undefined) return /^(?:23|40)/.test(state) && state !== '40003'
  return /^SQLITE_CONSTRAINT/.test(String(found?.code ?? ''))
}

interface DriverError {
  readonly code?: unknown
  /** MySQL's. */
  readonly sqlState?: unknown
  readonly cause?: unknown
}

/** Drizzle wraps what the driver threw. */
function driverError(error: unknown): DriverError | undefined {
  let at = error as DriverError | undefined
  for (let depth = 0; depth < 5 && at && at.code === undefined && at.cause !== undefined; depth++)
    at = at.cause as DriverError
  return typeof at === 'object' && at !== null ? at : undefined
}

function sqlState(error: DriverError | undefined): string | undefined {
  const state = error?.sqlState ?? error?.code
  return typeof state === 'string' && SQL_STATE.test(state) ? state : undefined
}
