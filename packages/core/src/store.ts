// The `Store` port and what its methods take and return, for authors of a store, and what they need to check their options
// as Larder checks its own. Importing it loads no part of the engine.
export { type Duration, milliseconds } from './base/duration.ts'
export { CacheError, type CacheErrorCode } from './base/errors.ts'
export { show } from './base/show.ts'

export {
  type LeaseEnd,
  type LeaseMessages,
  type LeaseRequest,
  type LeaseState,
  type LoadLeases,
  STORED_FOR,
} from './store/load-leases.ts'
export type {
  Fetched,
  FinishRequest,
  FleetPause,
  MarkRequest,
  Renewal,
  Store,
  StoreContext,
  StoredEntry,
} from './store/store.ts'
export type {
  Lease,
  ReportedTag,
  TagReply,
  TagReport,
  TagReportRequest,
  TagRequest,
  TagState,
} from './tags/tag.ts'
