/** What it uses of iovalkey, or of ioredis. */
export interface TextClient {
  get(key: string): Promise<string | null>
  set(key: string, value: string, unit: 'EX', seconds: number): Promise<unknown>
}

/**
 * What is written by hand where there is no library: GET and JSON.parse; on a miss the query and SET with a lifetime. It
 * knows of no write, and callers that miss together all go to the database.
 */
export async function cacheAside<T>(client: TextClient, key: string, load: () => Promise<T>): Promise<T> {
  const found = await client.get(key)
  if (found !== null) return JSON.parse(found) as T
  const value = await load()
  await client.set(key, JSON.stringify(value), 'EX', LIFETIME)
  return value
}

/** Seconds. */
const LIFETIME = 600
