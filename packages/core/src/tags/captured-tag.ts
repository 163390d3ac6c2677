import type { ReadTag } from './read-tags.ts'
import { fieldName, LIST } from './spelling.ts'

/** A tag that the look-up fetches because an entry recorded it. `list` is the first field if it is there. */
export function capturedTag(record: string, fields: readonly string[], cells: readonly string[]): ReadTag {
  return {
    record,
    fields,
    cells,
    list: fields.includes(LIST) ? 'depends' : 'no',
    names: [...fields.map((field) => fieldName(record, field)), ...cells],
    captured: true,
    insteadOfList: never,
  }
}

const never = (): undefined => undefined
