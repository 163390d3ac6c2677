import type {
  FinishRequest,
  MarkRequest,
  Store,
  StoredEntry,
  TagReply,
  TagRequest,
  TagState,
} from '@larder/core'

/** Rules of the protocol that a model store can be told to break, to show that each is needed. */
export type Ablation =
  /** Seeded fields do not carry the live marks of `list`. */
  | 'born-clean'
  /** Marks and finishes pass over fields the writer does not know. */
  | 'unknown-skipped'
  /** Nothing is marked; finishes still bump. */
  | 'no-marks'
  /** Finishes take marks off and leave every nonce. */
  | 'no-bumps'
  /** A finish takes the marks off the record, and bumps the cells at some later instant. */
  | 'record-first'

type Held = { readonly bytes: Uint8Array; readonly until: number }
type Cell = { nonce: string; readonly marks: Set<string> }

/**
 * The plainest store that keeps the contract: maps, and nothing evicted. For tests alone.
 * @param step awaited where an ablation tears a call in two.
 */
export function modelStore(
  ablation?: Ablation,
  step: () => Promise<void> = async () => {},
  now: () => number = () => 0,
): Store {
  const records = new Map<string, Map<string, Cell>>()
  const cells = new Map<string, Cell>()
  const entries = new Map<string, Held>()
  let count = 0
  const nonce = (): string => `n${count++}`
  const born = (marks: Iterable<string> = []): Cell => ({ nonce: nonce(), marks: new Set(marks) })
  let epoch = nonce()

  const field = (record: string, name: string): Cell => {
    const fields = made(records, record, () => new Map([['list', born()]]))
    return made(fields, name, () => born(ablation === 'born-clean' ? [] : fields.get('list')?.marks))
  }
  const stateOf = (cell: Cell | undefined): TagState =>
    cell ? { nonce: cell.nonce, dirty: cell.marks.size > 0 } : null
  const reply = (request: TagRequest): TagReply => ({
    fields: request.fields.map((name) => stateOf(records.get(request.record)?.get(name))),
    cells: request.cells.map((name) => stateOf(cells.get(name))),
  })
  const mark = (request: MarkRequest): void => {
    if (ablation === 'no-marks') return
    const { record, token, known } = request
    for (const name of request.fields) field(record, name).marks.add(token)
    for (const name of request.cells) made(cells, name, born).marks.add(token)
    if (request.fields.length && ablation !== 'unknown-skipped')
      for (const [name, cell] of records.get(record) ?? [])
        if (name !== 'list' && !known.includes(name)) cell.marks.add(token)
  }
  const finishCells = (request: FinishRequest): void => {
    for (const name of request.cells) {
      const cell = cells.get(name)
      cell?.marks.delete(request.token)
      if (cell && ablation !== 'no-bumps') cell.nonce = nonce()
      if (!cell?.marks.size && ablation !== 'no-bumps') cells.delete(name)
    }
  }
  const finishRecord = ({ record, token, untouched, keep }: FinishRequest): void => {
    for (const [name, cell] of records.get(record) ?? []) {
      const had = cell.marks.delete(token)
      const stays = untouched.includes(name) || (had && keep.includes(name)) || ablation === 'no-bumps'
      if (!stays && (had || ablation !== 'unknown-skipped')) cell.nonce = nonce()
    }
  }
  return {
    source: 'store',
    fetch: async (entry, tags) => ({
      epoch,
      entry: found(entries.get(entry ?? ''), now()),
      tags: tags.map(reply),
    }),
    async seed(tags) {
      for (const tag of tags) {
        for (const name of tag.fields) field(tag.record, name)
        for (const name of tag.cells) made(cells, name, born)
      }
      return { epoch, entry: null, tags: tags.map(reply) }
    },
    mark: async (request) => mark(request),
    renew: async (request) => mark(request),
    async finish(request) {
      if (ablation === 'record-first') {
        finishRecord(request)
        await step()
        finishCells(request)
      } else {
        finishCells(request)
        finishRecord(request)
      }
    },
    set: async (entry, bytes, lifetime) => void entries.set(entry, { bytes, until: now() + lifetime }),
    async invalidateAll() {
      epoch = nonce()
    },
    async close() {},
  }
}

function made<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found) return found
  const value = make()
  map.set(key, value)
  return value
}

function found(held: Held | undefined, now: number): StoredEntry | null {
  return held ? { bytes: held.bytes, remaining: held.until - now } : null
}
