import { createBounded } from '../bounded.ts'
import type { Fetched } from '../store/store.ts'
import type { Lease, TagReply, TagRequest, TagState } from '../tags/tag.ts'

/** The clean tags this process may believe unasked, because the store tells of changes. */
export interface KeptTags {
  /** To be called before a question is sent: what changes before its answer is here is not kept. */
  ask(): Asked
  /** Keeps the clean states of an answer for as long as their leases hold. */
  keep(asked: Asked, requests: readonly TagRequest[], answer: Fetched): void
  /** What is known without asking; a state that is not known is null. */
  recall(requests: readonly TagRequest[]): Fetched
  /** Somebody changed these records and cells; undefined: any may have changed. */
  drop(names: readonly string[] | undefined): void
}

/** The moment a question was sent. */
export interface Asked {
  readonly at: number
}

interface Kept {
  readonly state: TagState
  readonly lease: Lease
}

/** @param most records, and cells, kept at once. */
export function createKeptTags(most: number): KeptTags {
  const records = createBounded<Map<string, Kept>>(most)
  const cells = createBounded<Kept>(most)
  const changes = createChanges(most)
  let epoch = ''

  const forget = (): void => {
    records.clear()
    cells.clear()
  }
  const fieldsOf = (record: string): Map<string, Kept> => {
    const found = records.get(record)
    if (found) return found
    const made = new Map<string, Kept>()
    records.set(record, made)
    return made
  }
  const keepReply = (asked: Asked, { record, fields, cells: names }: TagRequest, reply: TagReply): void => {
    const { lease } = reply
    if (fields.length) {
      const kept = fieldsOf(record)
      const trusted = lease && !changes.since(asked, record) ? lease : undefined
      for (const [at, field] of fields.entries()) {
        const state = reply.fields[at]
        if (trusted && state && !state.dirty) kept.set(field, { state, lease: trusted })
        else kept.delete(field)
      }
    }
    for (const [at, cell] of names.entries()) {
      const state = reply.cells[at]
      if (lease && state && !state.dirty && !changes.since(asked, cell)) cells.set(cell, { state, lease })
      else cells.delete(cell)
    }
  }

  return {
    ask: changes.ask,
    keep(asked, requests, answer) {
      // Which of two epochs is the newer one nobody can tell: only what was seen in the same one counts together.
      if (answer.epoch !== epoch) forget()
      epoch = answer.epoch
      for (const [index, request] of requests.entries()) {
        const reply = answer.tags[index]
        if (reply) keepReply(asked, request, reply)
      }
    },
    recall(requests) {
      // Most tags of one read were answered together: their lease is asked once.
      let holding: Lease | undefined
      const stateOf = (kept: Kept | undefined): TagState => {
        if (!kept) return null
        if (kept.lease !== holding && !kept.lease.holds()) return null
        holding = kept.lease
        return kept.state
      }
      const tags = requests.map((request): TagReply => {
        const fields = request.fields.length ? records.get(request.record) : undefined
        return {
          fields: request.fields.map((field) => stateOf(fields?.get(field))),
          cells: request.cells.map((cell) => stateOf(cells.get(cell))),
        }
      })
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

/** What changed since questions were sent that are not answered yet: the placeholders of their answers. */
interface Changes {
  ask(): Asked
  note(names: readonly string[] | undefined): void
  since(asked: Asked, name: string): boolean
}

function createChanges(most: number): Changes {
  const lastOf = new Map<string, number>()
  let lastOfAll = -1
  let count = 0
  return {
    ask: () => ({ at: count }),
    note(names) {
      count++
      // More names than anybody will ask for: one moment for all of them is enough, and safe.
      if (!names || lastOf.size > most) {
        lastOf.clear()
        lastOfAll = count
      }
      for (const name of names ?? []) lastOf.set(name, count)
    },
    since: ({ at }, name) => lastOfAll > at || (lastOf.get(name) ?? -1) > at,
  }
}
