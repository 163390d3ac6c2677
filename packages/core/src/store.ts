// The `Store` port and what its methods take and return, for authors of a store.
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
