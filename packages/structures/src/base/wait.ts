import { CacheError } from '@larder/core/store'

/** The longest delay of a timer (ms), about 24 days: Node runs a longer one after 1 ms. */
export const LONGEST_TIMER: number = 2 ** 31 - 1

/**
 * Resolves to the result of `work` if it arrives in time. The work itself is not cancelled.
 * @throws CacheError `LARDER_STORE` after `milliseconds`.
 */
export async function within<T>(milliseconds: number, name: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const fail = (): void =>
      reject(new CacheError('LARDER_STORE', `${name}: Valkey did not answer within ${milliseconds} ms`))
    timer = setTimeout(fail, Math.min(milliseconds, LONGEST_TIMER))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
