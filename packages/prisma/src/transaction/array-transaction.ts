import type { Engine, StatementOrder, Transaction } from '@larder/core/host'
import type { Announcements, ArrayOperations } from './announcements.ts'
import { commitFailed, statementFailed } from './outcome.ts'

/** What array transactions need. */
interface ArrayDeps {
  readonly engine: Engine
  readonly batches: WeakMap<Transaction, () => void>
  readonly maybeCommitted: WeakSet<Transaction>
  readonly announcements: Announcements | undefined
  readonly order: StatementOrder | undefined
}

/** Runs an array transaction in its turn: what is called after it waits until Prisma has all of its queries. */
export function runArray(deps: ArrayDeps, input: unknown, run: () => Promise<unknown>): Promise<unknown> {
  const [first, last] = [deps.order?.enter(), deps.order?.enter()]
  const length = Array.isArray(input) ? input.length : 0
  let remaining = length
  const queued = (): void => {
    if (--remaining === 0) last?.leave()
  }
  const send = (): Promise<unknown> => runBatch(deps, queued, { length, mixed: () => remaining > 0 }, run)
  return first ? first.send(send).finally(last?.leave) : send()
}

/**
 * @param queued is called for each query that Prisma has been given.
 */
async function runBatch(
  { engine, batches, maybeCommitted, announcements }: ArrayDeps,
  queued: () => void,
  array: ArrayOperations,
  run: () => Promise<unknown>,
): Promise<unknown> {
  // Each statement marks before it is queued, and the batch starts only when all are: before BEGIN.
  const scope = engine.transaction('early')
  batches.set(scope, queued)
  try {
    const results = await within(engine, announcements, scope, run, array)
    await scope.end('committed')
    return results
  } catch (error) {
    // A statement without its marks was not queued, and Prisma begins no batch before all its statements are.
    if (scope.refusal) scope.discardStatements()
    // Whether a statement or COMMIT was refused is not told; either proves it.
    const refused = !maybeCommitted.has(scope) && (statementFailed(error) || commitFailed(error))
    const failed = scope.refusal !== undefined || refused
    await scope.end(failed ? 'failed' : 'unknown')
    throw error
  }
}

/** Runs what begins a transaction so that its scope is known, to the code in it and to who watches the driver. */
export function within(
  engine: Engine,
  announcements: Announcements | undefined,
  scope: Transaction,
  run: () => Promise<unknown>,
  array?: ArrayOperations,
): Promise<unknown> {
  return engine.inside(scope, () => (announcements ? announcements.beginning(scope, run, array) : run()))
}
