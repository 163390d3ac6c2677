/** Every code a {@link CacheError} can carry. Codes are stable; messages may be reworded. */
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
  | 'LARDER_ROW_NOT_FOUND'
  | 'LARDER_STORE'
  | 'LARDER_STORE_MOVING'
  | 'LARDER_MARK_FAILED'
  | 'LARDER_TRANSACTION_ENDED'
  | 'LARDER_ENDLESS_LOAD'

/** What `JSON.stringify` makes of a {@link CacheError}. */
export interface CacheErrorJson {
  readonly name: string
  readonly code: CacheErrorCode
  readonly message: string
  /** The underlying error, without its stack; absent where there was none. */
  readonly cause?: unknown
}

/**
 * The only error class Larder throws on its own account. `message` names the value at fault and the fix;
 * `code` is for programs; `cause` is the underlying error where there was one.
 */
export class CacheError extends Error {
  readonly code: CacheErrorCode

  constructor(code: CacheErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'CacheError'
    this.code = code
  }

  /**
   * For loggers that write JSON, which would otherwise see the code alone. The stack is left out: it may end up in an
   * HTTP response.
   */
  toJSON(): CacheErrorJson {
    const { name, code, message, cause } = this
    return { name, code, message, ...(cause !== undefined && { cause: jsonOf(cause, DEEPEST_CAUSE) }) }
  }
}

/** Causes of causes that are written; errors may refer to each other in a circle. */
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
