// The `Store` port and what its methods take and return, for authors of a store.

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
