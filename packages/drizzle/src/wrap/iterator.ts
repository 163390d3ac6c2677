import { fillPlaceholders } from 'drizzle-orm'
import type { Statement } from '../analysis/statement.ts'
import type { Place } from '../order/statement-context.ts'
import type { PreparedParts } from '../versions/parts.ts'

/**
 * mysql2's queries can be iterated, which goes past `queryWithCache`. That suits a read, which is then not cached; a write
 * must be seen, so it takes the way that `execute` takes, and gives what Drizzle's own iterator gave.
 */
export function watchIterator(prepared: PreparedParts, statement: Statement, place: Place): void {
  const { iterator } = prepared
  if (!iterator) return
  if (statement.kind !== 'write') {
    prepared.iterator = (values = {}) => inPlace(iterator.call(prepared, values), statement, place)
    return
  }
  prepared.iterator = async function* (values = {}) {
    const parameters = fillPlaceholders([...(prepared.params ?? [])], values)
    const all = async (): Promise<readonly unknown[]> => {
      const given: unknown[] = []
      for await (const one of iterator.call(prepared, values)) given.push(one)
      return given
    }
    yield* (await prepared.queryWithCache?.(statement.text, parameters, all)) as readonly unknown[]
  }
}

/** Asking for the first row sends the statement. */
async function* inPlace(
  rows: AsyncGenerator<unknown>,
  statement: Statement,
  place: Place,
): AsyncGenerator<unknown> {
  try {
    const first = await place.run(statement, (turn) => turn.send(() => rows.next()))
    if (first.done) return
    yield first.value
    yield* rows
  } finally {
    await rows.return(undefined)
  }
}
