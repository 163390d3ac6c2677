import type { CapturedTags, Collector, Contribution, Refusal } from '../plan/contribution.ts'
import {
  type CapturedOutcome,
  type CollectedRecord,
  dependenciesOf,
  MOST_RECORDED,
} from './captured-dependencies.ts'

/** Tags that the reads of one load may contribute. */
const MOST_CAPTURED = 10_000

/** What the reads of one load have contributed so far. */
interface Contributions {
  all(): { readonly records: readonly CollectedRecord[]; readonly epoch: string | undefined }
  /** Returns what is wrong with a contribution, if it does not fit to the others. */
  add(contribution: Contribution): Cause | undefined
}

type Cause = Omit<Refusal, 'operation'>

function createContributions(place: unknown): Contributions {
  const records = new Map<string, CollectedRecord>()
  let epoch: string | undefined
  let size = 0

  const recordOf = (record: string): CollectedRecord => {
    const existing = records.get(record)
    if (existing) return existing
    const collected = {
      record,
      fields: new Map(),
      cells: new Map(),
      resultCells: new Set<string>(),
      list: undefined,
    }
    records.set(record, collected)
    return collected
  }
  /** False if the tag was seen with another nonce before: it was written in between. */
  const note = (nonces: Map<string, string>, name: string, nonce: string): boolean => {
    const collected = nonces.get(name)
    if (collected === undefined) size++
    nonces.set(name, nonce)
    return collected === undefined || collected === nonce
  }
  const addTags = ({ record, fields, cells, resultCells }: CapturedTags): boolean => {
    const collected = recordOf(record)
    let same = true
    for (const [field, nonce] of fields) same = note(collected.fields, field, nonce) && same
    for (const [cell, nonce] of cells) same = note(collected.cells, cell, nonce) && same
    if (!resultCells) return same
    for (const cell of resultCells.cells) collected.resultCells.add(cell)
    size += resultCells.cells.length
    same = (collected.list ?? resultCells.list) === resultCells.list && same
    collected.list = resultCells.list
    return same
  }
  const add: Contributions['add'] = (contribution) => {
    if (contribution.place !== place) return ANOTHER_STORE
    epoch ??= contribution.epoch
    if (epoch !== contribution.epoch) return WRITTEN
    for (const tags of contribution.tags) if (!addTags(tags)) return WRITTEN
    return size > MOST_CAPTURED ? TOO_MANY : undefined
  }
  return {
    add,
    all: () => ({ records: [...records.values()], epoch }),
  }
}

/** Collects contributions, and refuses those that do not fit together. */
export function createCollector(place: unknown): {
  readonly collector: Collector
  close(): CapturedOutcome
} {
  const contributions = createContributions(place)
  const running = new Set<{ readonly operation: string }>()
  let refusal: Refusal | undefined
  let open = true

  const begin: Collector['begin'] = (operation) => {
    const read = { operation }
    running.add(read)
    const refuse = (cause: Cause): void => {
      // The first cause counts, unless a later one will be there at the next load as well.
      if (open && (!refusal || (cause.permanent && !refusal.permanent))) refusal = { operation, ...cause }
      running.delete(read)
    }
    return {
      refuse,
      contribute(contribution) {
        if (!open || !running.delete(read) || refusal?.permanent) return
        const wrong = contributions.add(contribution)
        if (wrong) refuse(wrong)
      },
    }
  }
  return {
    collector: { begin },
    close() {
      open = false
      const [unfinished] = running
      if (refusal) return { refusal }
      if (unfinished) return { refusal: { ...unfinished, ...UNFINISHED } }
      const { records, epoch } = contributions.all()
      const dependencies = dependenciesOf(records, place, epoch)
      return dependencies ? { dependencies } : { refusal: { operation: 'wrap', ...TOO_MANY } }
    },
  }
}

const ANOTHER_STORE: Cause = {
  reason: 'opaque',
  because: 'it went through a cache with another store or namespace',
  permanent: true,
}
const WRITTEN: Cause = {
  reason: 'dirty',
  because: 'a dependency was written meanwhile',
  permanent: false,
}
const UNFINISHED: Cause = {
  reason: 'opaque',
  because: 'it failed, or had not ended when load returned: await every read',
  permanent: true,
}
const TOO_MANY: Cause = {
  reason: 'too-large',
  because: `load depends on too many rows: ${MOST_CAPTURED} in all, or on more than ${MOST_RECORDED} tags after whole tables were taken for their rows`,
  permanent: true,
}
