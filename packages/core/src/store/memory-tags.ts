import { LRUCache } from 'lru-cache'
import { LIST } from '../tags/spelling.ts'
import type { ReportedTag, TagReply, TagRequest, TagState } from '../tags/tag.ts'
import type { FinishRequest, MarkRequest } from './store.ts'

interface Tag {
  nonce: string
  /** Created with the first mark. Most tags never have one, and an empty set takes as much memory as the rest of the tag. */
  marks: Set<string> | undefined
}
type Fields = Map<string, Tag>

/** Records and value cells of the memory store. */
export interface TagTable {
  read(request: TagRequest): TagReply
  seed(request: TagRequest): TagReply
  /** Returns a report if the request has `reportOn`. */
  mark(request: MarkRequest): ReportedTags | undefined
  finish(request: FinishRequest): ReportedTags | undefined
}

/** A report of tags without its epoch. */
export interface ReportedTags {
  readonly fields: readonly ReportedTag[]
  readonly cells: readonly ReportedTag[]
}

/**
 * @param nonce creates a value that was never used before.
 * @param most maximum number of clean records, and of clean cells.
 */
export function createTagTable(nonce: () => string, most: number): TagTable {
  const records: Shelf<Fields> = createShelf((fields) => [...fields.values()].some(isMarked), most)
  const cells: Shelf<Tag> = createShelf(isMarked, most)

  const created = (marks?: ReadonlySet<string>): Tag => ({
    nonce: nonce(),
    marks: marks?.size ? new Set(marks) : undefined,
  })
  const fieldsOf = (record: string): Fields => records.get(record) ?? new Map([[LIST, created()]])
  /** Returns a field. A new one gets the live marks of `list`, whoever creates it. */
  const fieldOf = (fields: Fields, field: string): Tag => {
    const tag = fields.get(field) ?? created(fields.get(LIST)?.marks)
    fields.set(field, tag)
    return tag
  }
  const read = (request: TagRequest): TagReply => {
    const fields = request.fields.length ? records.get(request.record) : undefined
    return {
      fields: request.fields.map((field) => state(fields?.get(field))),
      cells: request.cells.map((cell) => state(cells.get(cell))),
    }
  }
  const finishCell = (cell: string, { token, reportOn, unchanged }: FinishRequest): void => {
    const tag = cells.get(cell)
    if (!tag) return
    const isKept = tag.marks?.delete(token) === true && unchanged !== undefined
    if (!isKept) tag.nonce = nonce()
    if (isKept || isMarked(tag) || reportOn?.cells.includes(cell)) cells.put(cell, tag)
    else cells.delete(cell)
  }
  const reported = ({ record, token, reportOn }: MarkRequest | FinishRequest): ReportedTags | undefined =>
    reportOn && {
      fields: reportOn.fields.map((field) => reportOf(records.get(record)?.get(field), token)),
      cells: reportOn.cells.map((cell) => reportOf(cells.get(cell), token)),
    }

  return {
    read,
    seed(request) {
      if (request.fields.length) {
        const fields = fieldsOf(request.record)
        for (const field of request.fields) fieldOf(fields, field)
        records.put(request.record, fields)
      }
      for (const cell of request.cells) cells.put(cell, cells.get(cell) ?? created())
      return read(request)
    },
    mark(request) {
      const { record, token, known } = request
      if (request.fields.length) {
        const fields = fieldsOf(record)
        // Before `list` is marked, because a field that is only reported on must not get the mark of this write.
        for (const field of request.reportOn?.fields ?? []) fieldOf(fields, field)
        addMark(fieldOf(fields, LIST), token)
        for (const field of request.fields) addMark(fieldOf(fields, field), token)
        for (const [field, tag] of fields) if (field !== LIST && !known.includes(field)) addMark(tag, token)
        records.put(record, fields)
      }
      for (const cell of request.cells) {
        const tag = cells.get(cell) ?? created()
        addMark(tag, token)
        cells.put(cell, tag)
      }
      return reported(request)
    },
    finish(request) {
      const before = reported(request)
      for (const cell of request.cells) finishCell(cell, request)
      const fields = records.get(request.record)
      for (const [field, tag] of fields ?? []) {
        // A field that was created while this write was in flight has its mark, even if the writer did not know the field.
        const wasMarked = tag.marks?.delete(request.token) === true
        if (request.untouched.includes(field)) continue
        if (!(wasMarked && request.keep.includes(field))) tag.nonce = nonce()
      }
      if (fields) records.put(request.record, fields)
      return before && joined(before, reported(request) ?? before)
    },
  }
}

function reportOf(tag: Tag | undefined, token: string): ReportedTag {
  const isOwn = tag?.marks?.has(token) === true
  return {
    nonceBefore: tag?.nonce,
    nonceAfter: tag?.nonce,
    ownMark: isOwn,
    otherMark: (tag?.marks?.size ?? 0) > (isOwn ? 1 : 0),
  }
}

/** Joins the nonces from before a finish with those from after it. */
function joined(before: ReportedTags, after: ReportedTags): ReportedTags {
  return { fields: join(before.fields, after.fields), cells: join(before.cells, after.cells) }
}

function join(before: readonly ReportedTag[], after: readonly ReportedTag[]): readonly ReportedTag[] {
  return before.map((tag, at) => ({ ...tag, nonceAfter: after[at]?.nonceAfter }))
}

function addMark(tag: Tag, token: string): void {
  tag.marks ??= new Set()
  tag.marks.add(token)
}

function isMarked(tag: Tag): boolean {
  return tag.marks !== undefined && tag.marks.size > 0
}

function state(tag: Tag | undefined): TagState {
  return tag ? { nonce: tag.nonce, dirty: isMarked(tag) } : null
}

/** Named values of which only clean ones are evicted. Losing one of those costs a miss. */
interface Shelf<T> {
  get(name: string): T | undefined
  /** Stores the value as clean or dirty, whichever it is now. */
  put(name: string, value: T): void
  delete(name: string): void
}

/** @param most maximum number of clean values. The least recently used one is evicted first. Dirty values are never evicted. */
function createShelf<T extends object>(isDirty: (value: T) => boolean, most: number): Shelf<T> {
  // Counted as size, because a bound on the number of keys would reserve memory for all of them at once.
  const clean = new LRUCache<string, T>({ maxSize: most, sizeCalculation: () => 1 })
  const dirty = new Map<string, T>()
  return {
    get: (name) => (dirty.size ? dirty.get(name) : undefined) ?? clean.get(name),
    put(name, value) {
      if (isDirty(value)) {
        clean.delete(name)
        dirty.set(name, value)
      } else {
        dirty.delete(name)
        clean.set(name, value)
      }
    },
    delete(name) {
      dirty.delete(name)
      clean.delete(name)
    },
  }
}
