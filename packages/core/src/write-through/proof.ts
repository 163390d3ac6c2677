import type { TagReport, TagRequest, Witness, WitnessedTag } from '../tags/tag.ts'
import type { WriteTag } from '../tags/write-tags.ts'

/** Tags by which rows may be written through, if they are proven; cells are value cells of the fields' keys. */
export interface Stakes {
  readonly tags: readonly TagRequest[]
  /** How long tags must live for an entry to outlive nothing it depends on, in milliseconds. */
  readonly lifetime: number
}

/** A row that a statement returned, ready to be stored as the read by one of its unique keys. */
export interface RowAtStake {
  readonly record: string
  /** Field of the unique key, and the row's value cell. */
  readonly field: string
  readonly cell: string
  /** As in {@link Stakes}. */
  readonly lifetime: number
  /** Stores it. Nothing of it may fail the write, and nobody needs to wait for it. */
  store(proof: Proof): Promise<void>
}

/** What an entry of the row must be stamped with. */
export interface Proof {
  readonly epoch: string
  /** Nonce of the field as the mark saw it, and the one the finish gave the cell. */
  readonly field: string
  readonly cell: string
}

/** A report with what it answers. */
export interface Testimony {
  readonly witness: Witness
  readonly report: TagReport
}

/** The two tags of a row as its mark and its finish saw them. */
export interface Weighed {
  readonly epochs: readonly [string, string]
  readonly field: readonly [WitnessedTag, WitnessedTag]
  readonly cell: readonly [WitnessedTag, WitnessedTag]
}

/**
 * What must hold for the row to be the one everybody has to see: from the mark to the finish nobody else was writing
 * it, and nothing was lost in between by which one could tell. All of them, or nothing is stored.
 */
export const conditions: Readonly<Record<string, (seen: Weighed) => boolean>> = {
  /** Nonces count together with the epoch. */
  sameEpoch: ({ epochs: [before, after] }) => before === after,
  /** Who else was under way when this write began may commit after it, and be finished before it. */
  cleanAtMark: ({ field, cell }) => !field[0].foreign && !cell[0].foreign,
  /** Who came since may have committed before or after it. */
  cleanAtFinish: ({ field, cell }) => !field[1].foreign && !cell[1].foreign,
  /** A mark that was lost told nobody of this write, and may have taken the traces of others with it. */
  ownMark: ({ cell }) => cell[0].own && cell[1].own,
  /** Who came and went, or whose mark expired, left a new nonce: its change may be the newer one. */
  sameNonces: ({ field, cell }) => field[0].found === field[1].found && cell[0].found === cell[1].found,
}

/** The part of the stakes that the marks of a write can decide about: keys it need not mark, cells that it marks. */
export function witnessOf(tag: WriteTag, stakes: Stakes | undefined): Witness | undefined {
  const asked = stakes?.tags.find(({ record }) => record === tag.record)
  if (!stakes || !asked) return undefined
  const fields = asked.fields.filter((name) => tag.known.includes(name) && !tag.unknown.has(name))
  const cells = asked.cells.filter((name) => tag.cells.has(name))
  return fields.length && cells.length ? { fields, cells, lifetime: stakes.lifetime } : undefined
}

export function stakesOf({ record, field, cell, lifetime }: RowAtStake): Stakes {
  return { tags: [{ record, fields: [field], cells: [cell] }], lifetime }
}

/** All of them, one for each record. */
export function mergeStakes(stakes: readonly Stakes[]): Stakes | undefined {
  if (stakes.length < 2) return stakes[0]
  const byRecord = new Map<string, TagRequest>()
  for (const { record, fields, cells } of stakes.flatMap(({ tags }) => tags)) {
    const one = byRecord.get(record) ?? { record, fields: [], cells: [] }
    const joined = { fields: new Set([...one.fields, ...fields]), cells: new Set([...one.cells, ...cells]) }
    byRecord.set(record, { record, fields: [...joined.fields], cells: [...joined.cells] })
  }
  return { tags: [...byRecord.values()], lifetime: Math.max(...stakes.map(({ lifetime }) => lifetime)) }
}

/** The nonces to stamp the row with, or undefined: it is not proven, and the next read loads it. */
export function proofOf(
  row: RowAtStake,
  marked: Testimony | undefined,
  finished: Testimony | undefined,
): Proof | undefined {
  const field = [tagIn(marked, 'fields', row.field), tagIn(finished, 'fields', row.field)] as const
  const cell = [tagIn(marked, 'cells', row.cell), tagIn(finished, 'cells', row.cell)] as const
  if (!marked || !finished || !field[0]?.found || !field[1] || !cell[0]?.found || !cell[1]?.left)
    return undefined
  const epochs = [marked.report.epoch, finished.report.epoch] as const
  const seen: Weighed = { epochs, field: [field[0], field[1]], cell: [cell[0], cell[1]] }
  if (!Object.values(conditions).every((holds) => holds(seen))) return undefined
  return { epoch: epochs[1], field: field[0].found, cell: cell[1].left }
}

function tagIn(
  testimony: Testimony | undefined,
  kind: 'fields' | 'cells',
  name: string,
): WitnessedTag | undefined {
  const at = testimony?.witness[kind].indexOf(name) ?? -1
  return at < 0 ? undefined : testimony?.report[kind][at]
}
