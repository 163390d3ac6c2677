import type { Engine } from '@larder/core/host'
import { fillPlaceholders } from 'drizzle-orm'
import type { Statement } from '../analysis/statement.ts'
import type { StatementContext } from '../order/statement-context.ts'
import type { PreparedParts } from '../versions/parts.ts'

type Iterator = NonNullable<PreparedParts['iterator']>

/**
 * Iterating a query of mysql2 does not call `queryWithCache`. For a read this is right: it is not cached. A write must
 * be invalidated, so it goes through `queryWithCache`, which then returns what Drizzle's own iterator yields.
 */
export function watchIterator(
  prepared: PreparedParts,
  iterator: Iterator,
  statement: Statement,
  context: StatementContext,
  engine: Engine,
): void {
  if (statement.kind !== 'write') {
    prepared.iterator = (values = {}) => {
      engine.noteOpaqueRead(statement.operation)
      return iterateInOrder(iterator.call(prepared, values), statement, context)
    }
    return
  }
  prepared.iterator = async function* (values = {}) {
    const parameters = fillPlaceholders([...(prepared.params ?? prepared.query?.params ?? [])], values)
    const collectRows = async (): Promise<readonly unknown[]> => {
      const rows: unknown[] = []
      for await (const row of iterator.call(prepared, values)) rows.push(row)
      return rows
    }
    yield* (await prepared.queryWithCache?.(statement.text, parameters, collectRows)) as readonly unknown[]
  }
}

/** Requesting the first row sends the statement. */
async function* iterateInOrder(
  rows: AsyncGenerator<unknown>,
  statement: Statement,
  context: StatementContext,
): AsyncGenerator<unknown> {
  try {
    const next = () => rows.next()
    const first = await (context.run?.(statement, (turn) => turn.send(next)) ?? next())
    if (first.done) return
    yield first.value
    yield* rows
  } finally {
    await rows.return(undefined)
  }
}
