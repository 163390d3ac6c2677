import { type BumpDeps, bump, bumpAll } from '../marks/finish.ts'
import type { KnownDatabase } from '../plan/known-databases.ts'
import type { Events } from '../report/events.ts'
import { type InvalidateRequest, tagsOfInvalidation } from '../tags/invalidation-tags.ts'
import type { JoinedTransaction } from '../transaction/current.ts'

/** What an explicit invalidation needs, wired by the composition root. */
export interface InvalidationDeps extends BumpDeps {
  readonly events: Events
  readonly namespace: string
}

/**
 * Ends what `request` names: at once, or with the marks of `transaction` when that commits. Resolves when acknowledged,
 * or when the store cannot be reached and it is in the journal.
 */
export async function applyInvalidation(
  deps: InvalidationDeps,
  databases: readonly KnownDatabase[],
  request: InvalidateRequest,
  within: JoinedTransaction | undefined,
): Promise<void> {
  const tags = tagsOfInvalidation(deps.namespace, databases, request)
  const { tables = [], rows = [], tags: userTags = [], all = false } = request
  const rest = async (): Promise<void> => {
    if (all) await bumpAll(deps)
    deps.events.emit('invalidate', { tables, rows: rows.length, tags: userTags, all })
  }
  if (within?.kind === 'joined') {
    const { transaction } = within
    if (tags.length) {
      const adopted = transaction.adopt(tags, true)
      await adopted.ready
      adopted.succeed(tags)
    }
    transaction.onCommit(rest)
    return
  }
  const apply = async (): Promise<void> => {
    if (tags.length) await bump(deps, tags)
    await rest()
  }
  // It cannot mark for us: what is loaded again before its COMMIT is invalidated again after it.
  within?.onCommit(apply)
  await apply()
}
