/** Tags of one table on which a read depends: fields of the table's record, then value cells. */
export interface TagRequest {
  /** Record key: one per (namespace, database, table), or one per user tag. */
  readonly record: string
  readonly fields: readonly string[]
  readonly cells: readonly string[]
}

/** A tag as the store holds it. `null`: missing. */
export type TagState = { readonly nonce: string; readonly dirty: boolean } | null

/** A promise of the store to notify this process when a tag in its reply changes. */
export interface Lease {
  /**
   * True while the reply may be used without asking again: the store reports changes to `StoreContext.changed`, and its
   * last heartbeat is recent. Once false, it stays false.
   */
  holds(): boolean
}

/** Answer to one {@link TagRequest}, in the same order. */
export interface TagReply {
  /** Covers all states of this reply. Present if the store watches for changes. */
  readonly lease?: Lease
  readonly fields: readonly TagState[]
  readonly cells: readonly TagState[]
}

/** The tags on which the mark and the finish of a write report, so that its rows can be written through. */
export interface TagReportRequest {
  /** Fields of the record. A mark creates missing ones with the live marks of `list`. */
  readonly fields: readonly string[]
  /** Cells that the request marks or finishes. A finish keeps them, with a new nonce. */
  readonly cells: readonly string[]
  /** Minimum lifetime of the record and these cells from now, in milliseconds. */
  readonly lifetime: number
}

/** The state of one tag before and after a mark or a finish. */
export interface ReportedTag {
  /** The nonce after a mark, or before a finish changed it. Undefined: the tag was missing. */
  readonly nonceBefore: string | undefined
  /** The nonce after a finish. For a mark the same as `nonceBefore`. */
  readonly nonceAfter: string | undefined
  /** The tag has the mark of this write, or had it before this finish. */
  readonly ownMark: boolean
  /** The tag had the mark of another write, possibly an expired one. */
  readonly otherMark: boolean
}

/** The answer of a mark or a finish to a {@link TagReportRequest}, in its order. */
export interface TagReport {
  readonly epoch: string
  readonly fields: readonly ReportedTag[]
  readonly cells: readonly ReportedTag[]
}
