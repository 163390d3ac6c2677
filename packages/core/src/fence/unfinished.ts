import type { ReadTag } from '../tags/read-tags.ts'
import { LIST } from '../tags/spelling.ts'
import { markedFields, type WriteTag } from '../tags/write-tags.ts'

/**
 * Writes of this process between their mark and their acknowledged finish. A read that depends on one of their tags
 * bypasses: what the store could not be told, this process still knows.
 */
export interface Unfinished {
  /** @returns a function to call once the finish is acknowledged. */
  add(tags: readonly WriteTag[]): () => void
  /** Covers every read there is, until the returned function is called. */
  addAll(): () => void
  /** True if a read with these tags must go to the database, whatever its result will be. */
  covers(requests: readonly ReadTag[]): boolean
  /** True if the `list` of this record counts as dirty: every write marks it. */
  writes(record: string): boolean
  /** Resolves when nothing is unfinished. */
  idle(): Promise<void>
}

export function createUnfinished(): Unfinished {
  const byRecord = new Map<string, Set<WriteTag>>()
  const waiting = new Set<() => void>()
  let all = 0

  const settle = (): void => {
    if (all || byRecord.size) return
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  return {
    add(tags) {
      // Copies: two scopes may name the same tags, and each takes back its own.
      const own = tags.map((tag) => ({ ...tag }))
      for (const tag of own) {
        const set = byRecord.get(tag.record) ?? new Set()
        byRecord.set(tag.record, set.add(tag))
      }
      return () => {
        for (const tag of own) {
          const set = byRecord.get(tag.record)
          set?.delete(tag)
          if (!set?.size) byRecord.delete(tag.record)
        }
        settle()
      }
    },
    addAll() {
      let counted = true
      all++
      return () => {
        if (counted) all--
        counted = false
        settle()
      }
    },
    covers(requests) {
      if (all) return true
      if (!byRecord.size) return false
      return requests.some((request) => {
        for (const tag of byRecord.get(request.record) ?? []) if (touches(tag, request)) return true
        return false
      })
    },
    writes: (record) => byRecord.has(record),
    idle: () =>
      new Promise((resolve) => {
        waiting.add(resolve)
        settle()
      }),
  }
}

function touches(tag: WriteTag, request: ReadTag): boolean {
  if (request.cells.some((cell) => tag.cells.has(cell))) return true
  const marked = markedFields(tag)
  return request.fields.some((field) => {
    // Whether a unique lookup depends on `list` shows later; until then it counts as dirty and no more.
    if (field === LIST) return request.list === 'depends'
    return marked.includes(field) || !tag.known.includes(field)
  })
}
