import type { MarkRequest, Store, TagReply, TagRequest } from '@larder/core/store'

/** How a scheduled store misbehaves; each breaks a rule of the protocol or stands for a failing network. */
export interface ScheduleFaults {
  /** Cells are read before their record. */
  cellsFirst?: boolean
  /** Drawn per call: below 0.5 it fails before it is executed, below 1 after. */
  failing?: () => number
  /** Drawn per mark: true if it expires some time later, whatever its writer is doing. */
  expiring?: () => boolean
}

/**
 * A store on the far side of a network: each call waits for its turn on the way there and on the way back, the entry
 * and each table are read at instants of their own, and a record before its cells.
 */
export function scheduledStore(store: Store, step: () => Promise<void>, faults: ScheduleFaults = {}): Store {
  let packetsSent = 0
  const remote = async <T>(call: () => Promise<T>): Promise<T> => {
    await step()
    packetsSent++
    const chance = faults.failing?.() ?? 1
    // Below a half the request is lost, below one the answer.
    if (chance < 0.5) throw new Error('simulated: the request was lost')
    const answer = await call()
    await step()
    if (chance < 1) throw new Error('simulated: the answer was lost')
    return answer
  }
  const half = async (request: TagRequest): Promise<TagReply> => {
    await step()
    const { tags } = await store.fetch(undefined, [request])
    return tags[0] ?? { fields: [], cells: [] }
  }
  const readTable = async ({ record, fields, cells }: TagRequest): Promise<TagReply> => {
    const halves = [
      { record, fields, cells: [] },
      { record, fields: [], cells },
    ]
    if (faults.cellsFirst) halves.reverse()
    const replies: TagReply[] = []
    for (const request of halves) replies.push(await half(request))
    if (faults.cellsFirst) replies.reverse()
    const lease = replies[0]?.lease
    return { fields: replies[0]?.fields ?? [], cells: replies[1]?.cells ?? [], ...(lease && { lease }) }
  }
  /** Nobody's mark any more, and nonces that are new: what a server does, and what a finish of all that was marked does. */
  const expire = async ({ record, token, known, fields, cells }: MarkRequest): Promise<void> => {
    await step()
    const untouched = known.filter((name) => !fields.includes(name))
    await store.finish({ record, token, untouched, keep: [], cells })
  }
  return {
    source: 'store',
    packetsSent: () => packetsSent,
    open: (context) => store.open?.(context),
    fetch: (entry, tags) =>
      remote(async () => {
        const entered = step().then(() => store.fetch(entry, []))
        const [results, ...replies] = await Promise.all([entered, ...tags.map(readTable)])
        return { epoch: results.epoch, entry: results.entry, tags: replies }
      }),
    seed: (tags, lifetime) =>
      remote(async () => {
        const seeded = tags.map(async (tag) => {
          await step()
          return store.seed([tag], lifetime)
        })
        const replies = await Promise.all(seeded)
        const [{ epoch } = await store.fetch(undefined, [])] = replies
        return { epoch, entry: null, tags: replies.flatMap((reply) => reply.tags) }
      }),
    mark: (request) =>
      remote(async () => {
        const report = await store.mark(request)
        if (faults.expiring?.()) void expire(request)
        return report
      }),
    renew: (request) => remote(() => store.renew(request)),
    finish: (request) => remote(() => store.finish(request)),
    set: (...args) => remote(() => store.set(...args)),
    invalidateAll: () => remote(() => store.invalidateAll()),
    close: () => store.close(),
  }
}
