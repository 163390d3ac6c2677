import type { EntryHeader } from '../codec/envelope.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import { fieldName } from '../tags/spelling.ts'

/** The nonces that an entry recorded, by tag name. */
export class RecordedNonces extends Map<string, string> {
  private tags: readonly ReadTag[] | undefined
  private inOrder: readonly (string | undefined)[] | undefined

  /**
   * The nonces in the order of the names of `tags`. Undefined for an optional tag that the entry did not record, and in place
   * of the list if the entry did not record exactly these tags. Called for every hit, so the last list is remembered.
   */
  inOrderOf(tags: readonly ReadTag[]): readonly (string | undefined)[] | undefined {
    if (this.tags !== tags) {
      this.tags = tags
      this.inOrder = align(this, tags)
    }
    return this.inOrder
  }
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
  const certain = tag.captured ? 0 : tag.names.length - (tag.resultCells ?? 0)
  return at >= certain || (at === 0 && tag.list === 'maybe')
}

/** Returns the nonces that an entry recorded, by tag name. */
export function noncesOf({ tags }: Pick<EntryHeader, 'tags'>): RecordedNonces {
  const nonces = new RecordedNonces()
  for (const { record, fields, cells, resultCells } of tags) {
    for (const [field, nonce] of fields) nonces.set(fieldName(record, field), nonce)
    for (const [cell, nonce] of cells) nonces.set(cell, nonce)
    for (const [cell, nonce] of resultCells) nonces.set(cell, nonce)
  }
  return nonces
}
