import { CacheError } from '@larder/core'

/**
 * Makes the error of a store call, from the message alone. The client's own errors carry the command with all its
 * arguments, which include the password of AUTH and the bytes of entries.
 */
export type Failure = (error: unknown) => CacheError

/** @param secrets texts that are replaced by `***` in every message. */
export function failures(where: string, secrets: readonly (string | undefined)[]): Failure {
  const hidden = secrets.filter((secret) => secret !== undefined && secret !== '') as string[]
  return (error) => {
    if (error instanceof CacheError) return error
    let text = messageOf(error)
    for (const secret of hidden) text = text.replaceAll(secret, '***')
    return new CacheError(isMoving(error) ? 'LARDER_STORE_MOVING' : 'LARDER_STORE', `${where}: ${text}`)
  }
}

/** True for an error which says that a key is on another node at the moment. */
export function isMoving(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /.test(error.message)
}

/** An AggregateError (every address of a host refused) has its message in its parts. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
