/** Tags of one table that a read needs: fields of the table's record, then value cells. */
export interface TagRequest {
  /** Record key: one per (namespace, database, table), or one per user tag. */
  readonly record: string
  readonly fields: readonly string[]
  readonly cells: readonly string[]
}

/** A tag as the store holds it. `null`: missing. */
export type TagState = { readonly nonce: string; readonly dirty: boolean } | null

/** Answer to one {@link TagRequest}, in the same order. */
export interface TagReply {
  readonly fields: readonly TagState[]
  readonly cells: readonly TagState[]
}
