/** SQLSTATEs of a lost connection or server, or of an unknown outcome. */
const LOST = /^(?:08|57P|58|70|XX|40003)/
/** MySQL's code for a COMMIT that failed midway. Its SQLSTATE is unspecific. */
const DURING_COMMIT = 'ER_ERROR_DURING_COMMIT'
/** The form of a SQLSTATE. No error code of Node.js has it. */
const SQL_STATE = /^[0-9FHPX][0-9A-Z]{4}$/
/** SQLite's codes for a statement that it rejected or could not run. Not those of a lost or damaged database. */
const SQLITE_FAILED = /^SQLITE_(?:ERROR|CONSTRAINT|BUSY|LOCKED|READONLY|MISMATCH|RANGE|TOOBIG|AUTH|SCHEMA)/

/** The same of node:sqlite, as SQLite numbers them. */
const NODE_SQLITE_FAILED: ReadonlySet<number> = new Set([1, 5, 6, 8, 17, 18, 19, 20, 23, 25])
const NODE_SQLITE_CONSTRAINT = 19

/** True if `error` proves that a statement committed nothing, because the server itself rejected it. */
export function statementFailed(error: unknown): boolean {
  const cause = driverError(error)
  const state = sqlState(cause)
  if (state !== undefined) return !LOST.test(state) && cause?.code !== DURING_COMMIT
  const number = nodeSqliteNumber(cause)
  if (number !== undefined) return NODE_SQLITE_FAILED.has(number)
  return SQLITE_FAILED.test(String(cause?.code ?? ''))
}

/** True if `error`, thrown after COMMIT was sent, proves that the transaction was rolled back. */
export function commitFailed(error: unknown): boolean {
  const cause = driverError(error)
  const state = sqlState(cause)
  if (state !== undefined) return /^(?:23|40)/.test(state) && state !== '40003'
  return (
    nodeSqliteNumber(cause) === NODE_SQLITE_CONSTRAINT || /^SQLITE_CONSTRAINT/.test(String(cause?.code ?? ''))
  )
}

interface DriverError {
  readonly code?: unknown
  /** MySQL's. */
  readonly sqlState?: unknown
  /** Of node:sqlite. */
  readonly errcode?: unknown
  readonly cause?: unknown
}

/** The error of the driver, which Drizzle wraps. */
function driverError(error: unknown): DriverError | undefined {
  let cause = error as DriverError | undefined
  for (let depth = 0; depth < 5 && cause && cause.code === undefined && cause.cause !== undefined; depth++)
    cause = cause.cause as DriverError
  return typeof cause === 'object' && cause !== null ? cause : undefined
}

/** The primary result code in an error of node:sqlite. */
function nodeSqliteNumber(error: DriverError | undefined): number | undefined {
  return error?.code === 'ERR_SQLITE_ERROR' ? Number(error.errcode) & 0xff : undefined
}

function sqlState(error: DriverError | undefined): string | undefined {
  const state = error?.sqlState ?? error?.code
  return typeof state === 'string' && SQL_STATE.test(state) ? state : undefined
}
