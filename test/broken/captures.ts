import type { AsyncLocalStorage } from 'node:async_hooks'
import { createCache } from '@larder/core'

/** What a test takes from the capture of computed values. */
export type BrokenRule =
  | 'reads of Drizzle are not captured'
  | 'rows are not captured'
  | 'tables are not captured'

interface Tags {
  readonly fields: readonly (readonly [string, string])[]
  readonly cells: readonly (readonly [string, string])[]
}

interface Contribution {
  readonly tags: readonly Tags[]
}

interface Collector {
  begin(operation: string): { contribute(contribution: Contribution): void; refuse(cause: unknown): void }
}

/**
 * Makes all captures of this process leave something out.
 * @returns a function that mends them.
 */
export function breakCapture(rule: BrokenRule): () => void {
  // The first cache of the process makes what all of them share.
  createCache()
  const shared = (globalThis as Record<symbol, unknown>)[Symbol.for('larder.captures-v1')]
  const { storage } = shared as { storage: AsyncLocalStorage<Collector | undefined> }
  const run = storage.run
  const broken = (collector: Collector): Collector => ({
    begin(operation) {
      const read = collector.begin(operation)
      return {
        refuse: read.refuse,
        contribute: (contribution) =>
          read.contribute({
            ...contribution,
            tags: contribution.tags.map((tags) => remainingTags(rule, operation, tags)),
          }),
      }
    },
  })
  Object.assign(storage, {
    run: (collector: Collector | undefined, load: () => unknown) =>
      run.call(storage, collector && broken(collector), load),
  })
  return () => void Reflect.deleteProperty(storage, 'run')
}

function remainingTags(rule: BrokenRule, operation: string, tags: Tags): Tags {
  if (rule === 'rows are not captured') return { ...tags, cells: [] }
  if (rule === 'tables are not captured')
    return { ...tags, fields: tags.fields.filter(([field]) => field !== 'list') }
  // Prisma names its models in the singular and its operations otherwise: articles.select, people.select.
  return /^(?:articles|people)\./.test(operation) ? { ...tags, fields: [], cells: [] } : tags
}
