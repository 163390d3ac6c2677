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

/** The few lines with which callers that ask for one key at the same time share one read. */
export function shareInFlight(): (key: string, read: () => Promise<unknown>) => Promise<unknown> {
  const inFlight = new Map<string, Promise<unknown>>()
  return (key, read) => {
    const running = inFlight.get(key)
    if (running) return running
    const started = read().finally(() => inFlight.delete(key))
    inFlight.set(key, started)
    return started
  }
}

/** Seconds. */
const LIFETIME = 600
