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
}
