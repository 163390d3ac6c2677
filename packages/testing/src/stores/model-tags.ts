import type {
  FinishRequest,
  MarkRequest,
  ReportedTag,
  TagReply,
  TagReport,
  TagRequest,
  TagState,
} from '@larder/core/store'

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

type Cell = { nonce: string; readonly marks: Set<string> }
type MarkReport = Omit<TagReport, 'epoch'>

/** Records and value cells of a model store. */
export interface ModelTags {
  read(request: TagRequest): TagReply
  seed(request: TagRequest): void
  mark(request: MarkRequest): void
  finishCells(request: FinishRequest): void
  finishRecord(request: FinishRequest): void
  /** The report that a request asks for, as of now. Undefined if it asks for none. */
  report(request: MarkRequest | FinishRequest): MarkReport | undefined
}

export function modelTags(ablation: Ablation | undefined, nonce: () => string): ModelTags {
  const records = new Map<string, Map<string, Cell>>()
  const cells = new Map<string, Cell>()
  const born = (marks: Iterable<string> = []): Cell => ({ nonce: nonce(), marks: new Set(marks) })
  const field = (record: string, name: string): Cell => {
    const fields = getOrCreate(records, record, () => new Map([['list', born()]]))
    return getOrCreate(fields, name, () => born(ablation === 'born-clean' ? [] : fields.get('list')?.marks))
  }
  const markUnknown = ({ record, token, known }: MarkRequest): void => {
    for (const [name, cell] of records.get(record) ?? [])
      if (name !== 'list' && !known.includes(name)) cell.marks.add(token)
  }
  return {
    read: ({ record, fields, cells: named }) => ({
      fields: fields.map((name) => stateOf(records.get(record)?.get(name))),
      cells: named.map((name) => stateOf(cells.get(name))),
    }),
    seed(request) {
      for (const name of request.fields) field(request.record, name)
      for (const name of request.cells) getOrCreate(cells, name, born)
    },
    mark(request) {
      if (ablation === 'no-marks') return
      const { record, token, reportOn } = request
      for (const name of reportOn?.fields ?? []) field(record, name)
      for (const name of request.fields) field(record, name).marks.add(token)
      for (const name of request.cells) getOrCreate(cells, name, born).marks.add(token)
      if (request.fields.length && ablation !== 'unknown-skipped') markUnknown(request)
    },
    finishCells({ cells: named, token, reportOn, unchanged }) {
      for (const name of named) {
        const cell = cells.get(name)
        const had = cell?.marks.delete(token)
        if (!cell || ablation === 'no-bumps' || (had && unchanged)) continue
        cell.nonce = nonce()
        if (!cell.marks.size && !reportOn?.cells.includes(name)) cells.delete(name)
      }
    },
    finishRecord({ record, token, untouched, keep }) {
      for (const [name, cell] of records.get(record) ?? []) {
        const had = cell.marks.delete(token)
        const stays = untouched.includes(name) || (had && keep.includes(name)) || ablation === 'no-bumps'
        if (!stays && (had || ablation !== 'unknown-skipped')) cell.nonce = nonce()
      }
    },
    report({ record, token, reportOn }) {
      const fields = reportOn?.fields.map((name) => reportedTag(records.get(record)?.get(name), token))
      const named = reportOn?.cells.map((name) => reportedTag(cells.get(name), token))
      return fields && named && { fields, cells: named }
    },
  }
}

/** The report from before a finish, with the nonces from after it. */
export function mergeReports(
  before: MarkReport | undefined,
  after: MarkReport | undefined,
): MarkReport | undefined {
  const left = (kind: 'fields' | 'cells') =>
    before?.[kind].map((tag, at) => ({ ...tag, nonceAfter: after?.[kind][at]?.nonceAfter })) ?? []
  return before && { fields: left('fields'), cells: left('cells') }
}

function stateOf(cell: Cell | undefined): TagState {
  return cell ? { nonce: cell.nonce, dirty: cell.marks.size > 0 } : null
}

function reportedTag(cell: Cell | undefined, token: string): ReportedTag {
  const marks = [...(cell?.marks ?? [])]
  const [ownMark, otherMark] = [marks.includes(token), marks.some((mark) => mark !== token)]
  return { nonceBefore: cell?.nonce, nonceAfter: cell?.nonce, ownMark, otherMark }
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const existing = map.get(key)
  if (existing) return existing
  const value = make()
  map.set(key, value)
  return value
}
