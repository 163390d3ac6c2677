import type { FleetPause, Store, StoreContext, StoredEntry } from '@larder/core/store'
import { type Ablation, mergeReports, modelTags } from './model-tags.ts'

export type { Ablation } from './model-tags.ts'

type ModelEntry = { readonly bytes: Uint8Array; readonly until: number }

/**
 * The plainest store that keeps the contract: maps, and nothing evicted. For tests alone.
 * @param step awaited where an ablation tears a call in two.
 */
export function modelStore(
  ablation?: Ablation,
  step: () => Promise<void> = async () => {},
  now: () => number = () => 0,
): Store {
  let count = 0
  const nonce = (): string => `n${count++}`
  const tags = modelTags(ablation, nonce)
  const entries = new Map<string, ModelEntry>()
  let epoch = nonce()
  let pause: FleetPause | undefined
  const contexts: StoreContext[] = []
  const setPause = (next: FleetPause | undefined): void => {
    if (pause?.reason === next?.reason) return
    pause = next
    for (const context of contexts) context.paused(next)
  }
  return {
    source: 'store',
    open(context) {
      contexts.push(context)
      if (pause) context.paused(pause)
    },
    pause: async (reason) => setPause({ reason }),
    resume: async () => setPause(undefined),
    fetch: async (entry, requests) => ({
      epoch,
      entry: storedEntry(entries.get(entry ?? ''), now()),
      tags: requests.map(tags.read),
    }),
    async seed(asked) {
      for (const tag of asked) tags.seed(tag)
      return { epoch, entry: null, tags: asked.map(tags.read) }
    },
    async mark(request) {
      tags.mark(request)
      const seen = tags.report(request)
      return seen && { epoch, ...seen }
    },
    renew: async (request) => tags.mark(request),
    async finish(request) {
      const before = tags.report(request)
      if (ablation === 'record-first') {
        tags.finishRecord(request)
        await step()
        tags.finishCells(request)
      } else {
        tags.finishCells(request)
        tags.finishRecord(request)
      }
      const seen = mergeReports(before, tags.report(request))
      return seen && { epoch, ...seen }
    },
    set: async (entry, bytes, lifetime) => void entries.set(entry, { bytes, until: now() + lifetime }),
    async invalidateAll() {
      epoch = nonce()
    },
    async close() {},
  }
}

function storedEntry(held: ModelEntry | undefined, now: number): StoredEntry | null {
  return held ? { bytes: held.bytes, remaining: held.until - now } : null
}
