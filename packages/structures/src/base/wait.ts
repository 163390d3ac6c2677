import { CacheError } from '@larder/core/store'

/**
 * The result of `work`, if it is there in time. The work itself is not ended.
 * @throws CacheError `LARDER_STORE` after so many milliseconds.
 */
export async function within<T>(milliseconds: number, name: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const fail = (): void =>
      reject(new CacheError('LARDER_STORE', `${name}: Valkey did not answer within ${milliseconds} ms`))
    timer = setTimeout(fail, milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
