import type { TagRequest } from '../store/tag.ts'
import { LIST } from '../tags/spelling.ts'
import { markedFields, type WriteTag } from '../tags/write-tags.ts'

/**
 * Writes of this process between their mark and their acknowledged finish. A read that depends on one of their tags
 * bypasses: what the store could not be told, this process still knows.
 */
export interface Unfinished {
  /** @returns a function to call once the finish is acknowledged. */
  add(tags: readonly WriteTag[]): () => void
  covers(requests: readonly TagRequest[]): boolean
}

export function createUnfinished(): Unfinished {
  const byRecord = new Map<string, Set<WriteTag>>()
  return {
    add(tags) {
      for (const tag of tags) {
        const set = byRecord.get(tag.record) ?? new Set()
        byRecord.set(tag.record, set.add(tag))
      }
      return () => {
        for (const tag of tags) {
          const set = byRecord.get(tag.record)
          set?.delete(tag)
          if (!set?.size) byRecord.delete(tag.record)
        }
      }
    },
    covers(requests) {
      if (!byRecord.size) return false
      return requests.some((request) => {
        for (const tag of byRecord.get(request.record) ?? []) if (touches(tag, request)) return true
        return false
      })
    },
  }
}

function touches(tag: WriteTag, request: TagRequest): boolean {
  if (request.cells.some((cell) => tag.cells.has(cell))) return true
  const marked = markedFields(tag)
  // `list` of a unique lookup is only a maybe, but going to the database is never wrong.
  return request.fields.some((field) => marked.includes(field) || (field !== LIST && !tag.known.includes(field)))
}
