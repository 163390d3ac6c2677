import type { EntryHeader } from '../codec/envelope.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import { fieldName, isCellName } from '../tags/spelling.ts'
import type { TagReply } from '../tags/tag.ts'

/** So many are looked through rather than put into a table. */
const FEW = 16

/** The nonces that an entry recorded, by tag name. Small, because every entry in memory has them. */
export class RecordedNonces {
  /** Undefined while all is in `inOrder`. */
  private byName: Map<string, string> | undefined
  private tags: readonly ReadTag[] | undefined
  private inOrder: readonly (string | undefined)[] | undefined

  constructor(recorded: Iterable<readonly [name: string, nonce: string]>) {
    this.byName = new Map(recorded)
    this.tags = undefined
    this.inOrder = undefined
  }

  get size(): number {
    if (this.byName) return this.byName.size
    let size = 0
    for (const nonce of this.inOrder ?? []) if (nonce !== undefined) size++
    return size
  }

  /** How many of them are of value cells. */
  get cells(): number {
    let cells = 0
    for (const name of this.byName?.keys() ?? []) if (isCellName(name)) cells++
    for (const tag of this.byName ? [] : (this.tags ?? [])) cells += tag.cells.length
    return cells
  }

  get(name: string): string | undefined {
    const { inOrder } = this
    return this.byName || !inOrder || inOrder.length > FEW
      ? this.all().get(name)
      : search(this.tags ?? [], inOrder, name)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /**
   * The nonces in the order of the names of `tags`. Undefined for an optional tag that the entry did not record, and in place
   * of the list if the entry did not record exactly these tags. Called for every hit, so the last list is remembered, and
   * the names are forgotten: those of `tags` are the same. So are the texts of nonces that are unchanged in a reply for them.
   */
  inOrderOf(
    tags: readonly ReadTag[],
    { tags: replies }: Fetched,
  ): readonly (string | undefined)[] | undefined {
    if (this.tags === tags) return this.inOrder
    const byName = this.all()
    this.tags = tags
    this.inOrder = align(byName, tags)?.map(sharing(tags, replies))
    this.byName = this.inOrder ? undefined : byName
    return this.inOrder
  }

  private all(): Map<string, string> {
    this.byName ??= named(this.tags ?? [], this.inOrder ?? [])
    return this.byName
  }
}

/** Returns the text of the reply in place of an equal one. */
function sharing(
  tags: readonly ReadTag[],
  replies: readonly TagReply[],
): (nonce: string | undefined, at: number) => string | undefined {
  const states = tags.flatMap(({ fields, cells }, at) => {
    const reply = replies[at]
    return [...fields.map((_, field) => reply?.fields[field]), ...cells.map((_, cell) => reply?.cells[cell])]
  })
  return (nonce, at) => (states[at]?.nonce === nonce ? states[at]?.nonce : nonce)
}

function search(
  tags: readonly ReadTag[],
  inOrder: readonly (string | undefined)[],
  wanted: string,
): string | undefined {
  let at = 0
  for (const { names } of tags)
    for (const name of names) {
      if (name === wanted) return inOrder[at]
      at++
    }
  return undefined
}

function named(tags: readonly ReadTag[], inOrder: readonly (string | undefined)[]): Map<string, string> {
  const byName = new Map<string, string>()
  let at = 0
  for (const { names } of tags)
    for (const name of names) {
      const nonce = inOrder[at++]
      if (nonce !== undefined) byName.set(name, nonce)
    }
  return byName
}

function align(
  nonces: ReadonlyMap<string, string>,
  tags: readonly ReadTag[],
): readonly (string | undefined)[] | undefined {
  const all: (string | undefined)[] = []
  let recorded = 0
  for (const tag of tags)
    for (const [at, name] of tag.names.entries()) {
      const nonce = nonces.get(name)
      if (nonce !== undefined) recorded++
      else if (!isOptional(tag, at)) return undefined
      all.push(nonce)
    }
  return recorded === nonces.size ? all : undefined
}

/** True if an entry of the read may or may not have recorded the tag of this name. @param at index in `tag.names`. */
export function isOptional(tag: ReadTag, at: number): boolean {
  const certain = tag.captured ? 0 : tag.fields.length + tag.cells.length - (tag.resultCells ?? 0)
  return at >= certain || (at === 0 && tag.list === 'maybe')
}

/** Returns the nonces that an entry recorded, by tag name. */
export function noncesOf({ tags }: Pick<EntryHeader, 'tags'>): RecordedNonces {
  return new RecordedNonces(
    tags.flatMap(({ record, fields, cells, resultCells }) => [
      ...fields.map(([field, nonce]) => [fieldName(record, field), nonce] as const),
      ...cells,
      ...resultCells,
    ]),
  )
}
