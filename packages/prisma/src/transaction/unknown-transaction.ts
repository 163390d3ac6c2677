import type { Engine, Transaction } from '@larder/core/host'
import { statementFailed } from './outcome.ts'

/** Runs a write in a transaction whose COMMIT Larder does not see. Its marks stay until they expire, unless it was refused. */
export async function inUnknownTransaction<T>(
  engine: Pick<Engine, 'transaction'>,
  run: (scope: Transaction) => Promise<T>,
): Promise<T> {
  const scope = engine.transaction('early')
  try {
    const result = await run(scope)
    await scope.end('unknown')
    return result
  } catch (error) {
    await scope.end(statementFailed(error) ? 'failed' : 'unknown')
    throw error
  }
}
