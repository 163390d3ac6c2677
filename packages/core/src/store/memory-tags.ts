import { LRUCache } from 'lru-cache'
import type { FinishRequest, MarkRequest } from './store.ts'
import type { TagReply, TagRequest, TagState } from '../tags/tag.ts'

/** The field whose marks every new field of its record is born with. */
const LIST = 'list'

interface Tag {
  nonce: string
  readonly marks: Set<string>
}

type Holder =
  | { readonly kind: 'record'; readonly fields: Map<string, Tag> }
  | { readonly kind: 'cell'; readonly tag: Tag }

/** Records and value cells of the memory store. */
export interface TagTable {
  read(request: TagRequest): TagReply
  seed(request: TagRequest): TagReply
  mark(request: MarkRequest): void
  finish(request: FinishRequest): void
}

/**
 * Holds what carries a mark apart from what does not: only the latter may be evicted, and losing it costs a miss.
 * @param nonce makes a value never used before.
 * @param most clean records and cells held at once.
 */
export function createTagTable(nonce: () => string, most: number): TagTable {
  const clean = new LRUCache<string, Holder>({ max: most })
  const dirty = new Map<string, Holder>()

  const find = (name: string): Holder | undefined => dirty.get(name) ?? clean.get(name)
  const fieldsOf = (name: string): Map<string, Tag> | undefined => {
    const holder = find(name)
    return holder?.kind === 'record' ? holder.fields : undefined
  }
  const cellOf = (name: string): Tag | undefined => {
    const holder = find(name)
    return holder?.kind === 'cell' ? holder.tag : undefined
  }
  /** Files a holder under clean or dirty, whichever it is now. */
  const file = (name: string, holder: Holder): void => {
    if (isDirty(holder)) {
      clean.delete(name)
      dirty.set(name, holder)
    } else {
      dirty.delete(name)
      clean.set(name, holder)
    }
  }
  const ensureFields = (name: string): Map<string, Tag> => {
    const found = fieldsOf(name)
    if (found) return found
    const fields = new Map([[LIST, { nonce: nonce(), marks: new Set<string>() }]])
    file(name, { kind: 'record', fields })
    return fields
  }
  const ensureField = (fields: Map<string, Tag>, field: string): Tag => {
    const found = fields.get(field)
    if (found) return found
    const born: Tag = { nonce: nonce(), marks: new Set(fields.get(LIST)?.marks) }
    fields.set(field, born)
    return born
  }
  const ensureCell = (name: string): Tag => {
    const found = cellOf(name)
    if (found) return found
    const tag: Tag = { nonce: nonce(), marks: new Set() }
    file(name, { kind: 'cell', tag })
    return tag
  }
  const read = (request: TagRequest): TagReply => {
    const fields = request.fields.length ? fieldsOf(request.record) : undefined
    return {
      fields: request.fields.map((field) => state(fields?.get(field))),
      cells: request.cells.map((cell) => state(cellOf(cell))),
    }
  }

  return {
    read,
    seed(request) {
      if (request.fields.length) {
        const fields = ensureFields(request.record)
        for (const field of request.fields) ensureField(fields, field)
        file(request.record, { kind: 'record', fields })
      }
      for (const cell of request.cells) ensureCell(cell)
      return read(request)
    },
    mark(request) {
      if (request.fields.length) {
        const fields = ensureFields(request.record)
        fields.get(LIST)?.marks.add(request.token)
        for (const field of request.fields) ensureField(fields, field).marks.add(request.token)
        for (const [field, tag] of fields)
          if (field !== LIST && !request.known.includes(field)) tag.marks.add(request.token)
        file(request.record, { kind: 'record', fields })
      }
      for (const cell of request.cells) {
        const tag = ensureCell(cell)
        tag.marks.add(request.token)
        file(cell, { kind: 'cell', tag })
      }
    },
    finish(request) {
      for (const cell of request.cells) bumpCell(cell, request.token)
      const fields = fieldsOf(request.record)
      if (!fields) return
      for (const [field, tag] of fields) {
        // A field born while this write was in flight carries its mark, whatever the writer knew: it always goes.
        const had = tag.marks.delete(request.token)
        if (request.untouched.includes(field)) continue
        if (!(had && request.keep.includes(field))) tag.nonce = nonce()
      }
      file(request.record, { kind: 'record', fields })
    },
  }

  function bumpCell(name: string, token: string): void {
    const tag = cellOf(name)
    if (!tag) return
    tag.marks.delete(token)
    tag.nonce = nonce()
    if (tag.marks.size) return
    dirty.delete(name)
    clean.delete(name)
  }
}

function state(tag: Tag | undefined): TagState {
  return tag ? { nonce: tag.nonce, dirty: tag.marks.size > 0 } : null
}

function isDirty(holder: Holder): boolean {
  if (holder.kind === 'cell') return holder.tag.marks.size > 0
  for (const tag of holder.fields.values()) if (tag.marks.size) return true
  return false
}
