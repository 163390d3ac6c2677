import { CacheError } from '@larder/core'

/**
 * The error of a store call. Built from the text alone: the client's own errors carry the command with all its
 * arguments, the password of AUTH and the bytes of entries among them.
 */
export type Failure = (error: unknown) => CacheError

/** @param secrets texts that no message may contain. */
export function failures(where: string, secrets: readonly (string | undefined)[]): Failure {
  const hidden = secrets.filter((secret) => secret !== undefined && secret !== '') as string[]
  return (error) => {
    if (error instanceof CacheError) return error
    let text = messageOf(error)
    for (const secret of hidden) text = text.replaceAll(secret, '***')
    return new CacheError(isMoving(error) ? 'LARDER_STORE_MOVING' : 'LARDER_STORE', `${where}: ${text}`)
  }
}

/** Whether an error says that a key is, just now, not where it was looked for. */
export function isMoving(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /.test(error.message)
}

/** An AggregateError (every address of a host refused) has its text in its parts. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
