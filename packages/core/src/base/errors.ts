/** The codes of {@link CacheError}. Codes are stable, messages are not. */
export type CacheErrorCode =
  | 'LARDER_CONFIG'
  | 'LARDER_OPTION_NOT_BUILT'
  | 'LARDER_UNKNOWN_MODEL'
  | 'LARDER_UNKNOWN_TABLE'
  | 'LARDER_DURATION'
  | 'LARDER_DATAMODEL_MISMATCH'
  | 'LARDER_EXTENSION_TWICE'
  | 'LARDER_SCOPE_REQUIRED'
  | 'LARDER_UNENCODABLE'
  | 'LARDER_UNKNOWN_WRITE'
  | 'LARDER_CLUSTER_WORKER'
  | 'LARDER_LOCK_OUTSIDE_TRANSACTION'
  | 'LARDER_LOCK_UNSUPPORTED'
  | 'LARDER_LOCK_OLD_SNAPSHOT'
  | 'LARDER_LOCK_TIMEOUT'
  | 'LARDER_LOCK_LOST'
  | 'LARDER_ROW_NOT_FOUND'
  | 'LARDER_STORE'
  | 'LARDER_STORE_MOVING'
  | 'LARDER_MARK_FAILED'
  | 'LARDER_TRANSACTION_ENDED'
  | 'LARDER_ENDLESS_LOAD'
  | 'LARDER_OVERLOADED'

/** What `JSON.stringify` makes of a {@link CacheError}. */
export interface CacheErrorJson {
  readonly name: string
  readonly code: CacheErrorCode
  readonly message: string
  /** The underlying error without its stack, if there is one. */
  readonly cause?: unknown
}

/**
 * The error class of Larder. `message` names the wrong value and the fix, `code` is stable and meant for programs, and
 * `cause` is the underlying error, if there is one.
 * @example
 * ```ts
 * import { CacheError } from '@larder/core'
 *
 * try {
 *   createCache({ maxValueBytes: '1mb' })
 * } catch (error) {
 *   if (error instanceof CacheError && error.code === 'LARDER_CONFIG') console.error(error.message)
 * }
 * ```
 */
export class CacheError extends Error {
  readonly code: CacheErrorCode

  constructor(code: CacheErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'CacheError'
    this.code = code
  }

  /**
   * For loggers that write JSON: without it they would see the code alone. The stack is left out, because the JSON may end up
   * in an HTTP response.
   */
  toJSON(): CacheErrorJson {
    const { name, code, message, cause } = this
    return { name, code, message, ...(cause !== undefined && { cause: jsonOf(cause, DEEPEST_CAUSE) }) }
  }
}

/** How many nested causes are written. Errors may refer to each other in a circle. */
const DEEPEST_CAUSE = 5

function jsonOf(cause: unknown, depth: number): unknown {
  if (!(cause instanceof Error))
    return typeof cause === 'object' ? Object.prototype.toString.call(cause) : String(cause)
  const { name, message, cause: deeper } = cause
  const code = (cause as { readonly code?: unknown }).code
  return {
    name,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    message,
    ...(deeper !== undefined && depth > 1 && { cause: jsonOf(deeper, depth - 1) }),
  }
}
