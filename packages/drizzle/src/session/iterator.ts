import { fillPlaceholders } from 'drizzle-orm'
import type { PreparedParts } from '../versions/parts.ts'

/**
 * mysql2's queries can be iterated, which goes past `queryWithCache`. That suits a read, which is then not cached; a write
 * must be seen, so it takes the way that `execute` takes, and gives what Drizzle's own iterator gave.
 */
export function watchIterator(prepared: PreparedParts, text: string): void {
  const { iterator } = prepared
  if (!iterator) return
  prepared.iterator = async function* (values = {}) {
    const parameters = fillPlaceholders([...(prepared.params ?? [])], values)
    const all = async (): Promise<readonly unknown[]> => {
      const given: unknown[] = []
      for await (const one of iterator.call(prepared, values)) given.push(one)
      return given
    }
    // Looked up here: a transaction watches it too.
    yield* (await prepared.queryWithCache?.(text, parameters, all)) as readonly unknown[]
  }
}
