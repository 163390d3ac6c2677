/**
 * Prisma's own codes for errors that prove that nothing of the statement was committed: the server refused it (on
 * every database; a driver's codes differ), or it was never sent. Not among them: time-outs (P2024, P2028), several
 * errors in one (P2027), and the driver's own troubles (P2031, P2035, P2036, P2037).
 */
const STATEMENT_FAILED = /^P2(?:00\d|01[1-9]|02[0-35-69]|03[034])$/
/** At COMMIT only constraint violations and serialization failures prove a rollback. */
const COMMIT_FAILED: ReadonlySet<string> = new Set(['P2002', 'P2003', 'P2034'])

/**
 * True if `error` proves that the statement (or the whole transaction it was in) committed nothing: an argument error
 * that never reached the database, or the server's own refusal. A time-out, an abort or a lost connection proves nothing.
 */
export function statementFailed(error: unknown): boolean {
  if (named(error, 'PrismaClientValidationError')) return true
  const code = codeOf(error)
  if (code !== undefined && STATEMENT_FAILED.test(code)) return true
  return refusedByServer(error) || givenUp(error) || cameTooLate(error)
}

/** Prisma did not send the statement: its transaction was over. Of a COMMIT this would prove nothing. */
function cameTooLate(error: unknown): boolean {
  const { message } = (error ?? {}) as { message?: unknown }
  return codeOf(error) === 'P2028' && /Transaction (?:already closed|not found)/.test(String(message))
}

/** True if `error`, raised when COMMIT had been sent, proves that the transaction was rolled back. */
export function commitFailed(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined && COMMIT_FAILED.has(code)) return true
  const state = sqlState(error)
  if (state !== undefined) return /^(?:23|40)/.test(state) && state !== '40003'
  return givenUp(error)
}

/** The server's SQLSTATE for the statement, unless it says that the connection or the server went away. */
function refusedByServer(error: unknown): boolean {
  const state = sqlState(error)
  return state !== undefined && !/^(?:08|57P|58|XX|40003)/.test(state)
}

/** Prisma ended the transaction by itself, before its COMMIT: it could not begin in time, or ran for too long. */
function givenUp(error: unknown): boolean {
  if (codeOf(error) !== 'P2028') return false
  const { message, meta } = error as { message?: unknown; meta?: { timeTaken?: unknown } }
  return typeof meta?.timeTaken === 'number' || /Unable to start a transaction/.test(String(message))
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

function named(error: unknown, name: string): boolean {
  return (error as { name?: unknown } | undefined)?.name === name
}

interface DriverError {
  readonly cause?: { readonly originalCode?: unknown }
}

/** Of a statement's error, which carries the driver's, or of COMMIT's, which Prisma passes on as the driver threw it. */
function sqlState(error: unknown): string | undefined {
  const driverError = error as (DriverError & { meta?: { driverAdapterError?: DriverError } }) | undefined
  const driver =
    driverError?.meta?.driverAdapterError ?? (named(error, 'DriverAdapterError') ? driverError : undefined)
  const state = driver?.cause?.originalCode
  return typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) ? state : undefined
}
