import { type Bounded, createBounded } from '../base/bounded-map.ts'
import type { Fetched } from '../store/store.ts'
import type { Lease, TagReply, TagRequest, TagState } from '../tags/tag.ts'

/** Clean tags that this process may use without asking, because the store notifies it of changes. */
export interface KeptTags {
  /** Call it before a fetch is sent: tags that change before the reply arrives are not kept. */
  beginFetch(): FetchStart
  /** Keeps the clean states of a reply while their leases hold. */
  keep(start: FetchStart, requests: readonly TagRequest[], answer: Fetched): void
  /** Returns the states that are known. An unknown state is null. */
  lookUp(requests: readonly TagRequest[]): Fetched
  /** Drops records and cells that have changed. Undefined: any may have changed. */
  drop(names: readonly string[] | undefined): void
}

/** When a fetch was sent, counted in changes. */
export interface FetchStart {
  readonly at: number
}

interface KeptTag {
  readonly state: TagState
  readonly lease: Lease
}

/** @param most records, and cells, kept at once. */
export function createKeptTags(most: number): KeptTags {
  const records = createBounded<Map<string, KeptTag>>(most)
  const cells = createBounded<KeptTag>(most)
  const changes = createChanges(most)
  let epoch = ''

  const forget = (): void => {
    records.clear()
    cells.clear()
  }
  const fieldsOf = (record: string): Map<string, KeptTag> => {
    const tagsOfRecord = records.get(record) ?? new Map<string, KeptTag>()
    records.set(record, tagsOfRecord)
    return tagsOfRecord
  }
  const keepReply = (start: FetchStart, request: TagRequest, reply: TagReply): void => {
    const trusted = (name: string): Lease | undefined =>
      changes.since(start, name) ? undefined : reply.lease
    if (request.fields.length) {
      const fields = fieldsOf(request.record)
      const lease = trusted(request.record)
      for (const [at, field] of request.fields.entries()) keepState(fields, field, reply.fields[at], lease)
    }
    for (const [at, cell] of request.cells.entries()) keepState(cells, cell, reply.cells[at], trusted(cell))
  }

  return {
    beginFetch: changes.ask,
    keep(start, requests, answer) {
      // Nobody knows which of two epochs is newer. States are kept for one epoch only.
      if (answer.epoch !== epoch) forget()
      epoch = answer.epoch
      for (const [index, request] of requests.entries()) {
        const reply = answer.tags[index]
        if (reply) keepReply(start, request, reply)
      }
    },
    lookUp(requests) {
      const stateOf = createLeaseCheck()
      const tags: TagReply[] = []
      for (const request of requests) {
        const tagsOfRecord = request.fields.length ? records.get(request.record) : undefined
        const fields: TagState[] = []
        for (const field of request.fields) fields.push(stateOf(tagsOfRecord?.get(field)))
        const states: TagState[] = []
        for (const cell of request.cells) states.push(stateOf(cells.get(cell)))
        tags.push({ fields, cells: states })
      }
      return { epoch, entry: null, tags }
    },
    drop(names) {
      changes.note(names)
      if (!names) return forget()
      for (const name of names) {
        records.delete(name)
        cells.delete(name)
      }
    },
  }
}

/** Keeps a clean state with its lease, and drops any other. */
function keepState(
  kept: Pick<Bounded<KeptTag>, 'delete'> & { set(name: string, value: KeptTag): unknown },
  name: string,
  state: TagState | undefined,
  lease: Lease | undefined,
): void {
  if (lease && state && !state.dirty) kept.set(name, { state, lease })
  else kept.delete(name)
}

/** Returns the states whose leases hold. Most tags of one read share a lease, which is then checked once. */
function createLeaseCheck(): (kept: KeptTag | undefined) => TagState {
  let holding: Lease | undefined
  return (kept) => {
    if (!kept || (kept.lease !== holding && !kept.lease.holds())) return null
    holding = kept.lease
    return kept.state
  }
}

/** What has changed since the fetches were sent that are still unanswered. */
interface Changes {
  ask(): FetchStart
  note(names: readonly string[] | undefined): void
  since(start: FetchStart, name: string): boolean
}

function createChanges(most: number): Changes {
  const lastOf = new Map<string, number>()
  let lastOfAll = -1
  let count = 0
  return {
    ask: () => ({ at: count }),
    note(names) {
      count++
      // Too many names: one number for all of them is safe.
      if (!names || lastOf.size > most) {
        lastOf.clear()
        lastOfAll = count
      }
      for (const name of names ?? []) lastOf.set(name, count)
    },
    since: ({ at }, name) => lastOfAll > at || (lastOf.get(name) ?? -1) > at,
  }
}
