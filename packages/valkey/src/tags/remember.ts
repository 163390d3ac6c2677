import type { Renewal } from '@larder/core/store'
import type { TagChanges } from './change-tags.ts'
import type { Recent } from './recent.ts'
import type { Renewals } from './renewal.ts'

/** The same changes, remembered: what a server that lost them must be told again, and what need not be prolonged. */
export function remembering(tags: TagChanges, recent: Recent, renewals: Renewals): TagChanges {
  return {
    async seed(request, lifetime) {
      const reply = await tags.seed(request, lifetime)
      renewals.done([request], lifetime)
      return reply
    },
    mark(request) {
      recent.marked(request)
      return tags.mark(request)
    },
    async finish(request) {
      recent.finished(request)
      const seen = await tags.finish(request)
      recent.finished(request)
      return seen
    },
  }
}

/** Prolongs the part of the tags that nobody here prolonged lately. A failure costs misses, later, and no more. */
export function renewTags(tags: TagChanges, renewals: Renewals, renewal: Renewal): void {
  for (const request of renewals.due(renewal))
    tags.seed(request, renewal.lifetime).catch(() => renewals.forget([request]))
}

/** Sends again what a server may have lost although it acknowledged it. @throws the server's error. */
export async function resend(
  tags: TagChanges,
  recent: Recent,
  concerns: (record: string) => boolean,
  renewEpoch: () => Promise<void>,
): Promise<void> {
  const { marks, finishes, everything } = recent.replay(concerns)
  await Promise.all(marks.map((request) => tags.mark(request)))
  await Promise.all(finishes.map((request) => tags.finish(request)))
  if (everything) await renewEpoch()
}
