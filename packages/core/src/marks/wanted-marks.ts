import { keysIn, MOST_CELLS, type WriteTag } from '../tags/write-tags.ts'

/** What of one record is to carry a write's mark, as more and more of it becomes known. */
export interface WantedMarks {
  add(tag: WriteTag): void
  /** True if there is something that was not taken yet. */
  readonly more: boolean
  /** What was not taken yet, or everything; it counts as taken from now on. */
  take(all: boolean): WriteTag
  /** Everything. */
  tag(): WriteTag
}

export function createWantedMarks({ table, record, known: first }: WriteTag): WantedMarks {
  let known = first
  const unknown = new Set<string>()
  const cells = new Set<string>()
  let left = { unknown: new Set<string>(), cells: new Set<string>() }
  let [more, whole] = [true, false]

  const want = (name: string, of: 'unknown' | 'cells', wanted: Set<string>): void => {
    if (wanted.has(name)) return
    wanted.add(name)
    left[of].add(name)
    more = true
  }
  /** The keys are marked wholly: no cell needs naming. */
  const widen = (): void => {
    whole = true
    for (const cell of left.cells) cells.delete(cell)
    left.cells.clear()
    for (const name of keysIn(known)) want(name, 'unknown', unknown)
  }
  return {
    add(tag) {
      // Two clients may know different keys of one table: what only one of them knows is marked where it is found.
      if (tag.known !== known && !known.every((name) => tag.known.includes(name))) {
        known = known.filter((name) => tag.known.includes(name))
        more = true
      }
      for (const name of tag.unknown) if (known.includes(name)) want(name, 'unknown', unknown)
      if (whole) return
      for (const cell of tag.cells) want(cell, 'cells', cells)
      if (cells.size > MOST_CELLS) widen()
    },
    get more() {
      return more
    },
    take(all) {
      const taken = { table, record, known, ...(all ? { unknown, cells } : left) }
      left = { unknown: new Set(), cells: new Set() }
      more = false
      return taken
    },
    tag: () => ({ table, record, known, unknown, cells }),
  }
}
