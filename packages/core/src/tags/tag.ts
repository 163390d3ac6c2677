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

/** What the marks and the finish of one write are to tell of some of its tags, so that rows can be written through. */
export interface TagReportRequest {
  /** Fields of the record: a mark creates what is missing, with the live marks of `list`. */
  readonly fields: readonly string[]
  /** Cells the request names, too. A finish leaves them there with a new nonce instead of taking them away. */
  readonly cells: readonly string[]
  /** How long the record and these cells live on at least, in milliseconds. */
  readonly lifetime: number
}

/** One tag as a mark or a finish found it. */
export interface ReportedTag {
  /** Its nonce: after a mark, and before a finish changed it. Undefined: it was missing. */
  readonly found: string | undefined
  /** After a finish: the nonce it left. Else as `found`. */
  readonly left: string | undefined
  /** The mark of this write is there, or was before this finish. */
  readonly own: boolean
  /** The mark of another write was there, expired ones that nobody had removed included. */
  readonly foreign: boolean
}

/** The answer of a mark or a finish to a {@link TagReportRequest}, in its order. */
export interface TagReport {
  readonly epoch: string
  readonly fields: readonly ReportedTag[]
  readonly cells: readonly ReportedTag[]
}
