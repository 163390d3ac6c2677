/** Tags of one table that a read needs: fields of the table's record, then value cells. */
export interface TagRequest {
  /** Record key: one per (namespace, database, table), or one per user tag. */
  readonly record: string
  readonly fields: readonly string[]
  readonly cells: readonly string[]
}

/** A tag as the store holds it. `null`: missing. */
export type TagState = { readonly nonce: string; readonly dirty: boolean } | null

/** A store's word that it will tell of changes to what it answered with. */
export interface Lease {
  /**
   * True while the answer may be believed unasked: changes are told to `StoreContext.changed`, and the last sign
   * of life is young enough. Once false, false for ever.
   */
  holds(): boolean
}

/** Answer to one {@link TagRequest}, in the same order. */
export interface TagReply {
  /** Present where the store follows changes; for all states of this reply. */
  readonly lease?: Lease
  readonly fields: readonly TagState[]
  readonly cells: readonly TagState[]
}
