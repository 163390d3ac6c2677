/** Prisma's codes for errors that the server gave to the statement itself, so that nothing of it was committed. */
const STATEMENT_FAILED = /^P2(?:0(?:0\d|1[1-9]|2[0-35-79]|30|33|34)|010)$/
/** At COMMIT only constraint violations and serialization failures prove a rollback. */
const COMMIT_FAILED: ReadonlySet<string> = new Set(['P2002', 'P2003', 'P2034'])

/**
 * True if `error` proves that the statement (or the whole transaction it was in) committed nothing: an argument error
 * that never reached the database, or the server's own refusal. A time-out, an abort or a lost connection proves nothing.
 */
export function statementFailed(error: unknown): boolean {
  if (named(error, 'PrismaClientValidationError')) return true
  const code = codeOf(error)
  if (code === 'P2010') return refusedByServer(error)
  return code !== undefined && STATEMENT_FAILED.test(code)
}

/** True if `error`, raised when COMMIT had been sent, proves that the transaction was rolled back. */
export function commitFailed(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined && COMMIT_FAILED.has(code)) return true
  const state = sqlState(error)
  return state !== undefined && /^(?:23|40)/.test(state) && state !== '40003'
}

/** A raw statement's SQLSTATE, unless it says that the connection or the server went away. */
function refusedByServer(error: unknown): boolean {
  const state = sqlState(error)
  return state !== undefined && !/^(?:08|57P|58|XX|40003)/.test(state)
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

function named(error: unknown, name: string): boolean {
  return (error as { name?: unknown } | undefined)?.name === name
}

function sqlState(error: unknown): string | undefined {
  const meta = (
    error as { meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } } } | undefined
  )?.meta
  const state = meta?.driverAdapterError?.cause?.originalCode
  return typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) ? state : undefined
}
