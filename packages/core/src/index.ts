export type { ByteSize } from './base/byte-size.ts'
export { type Clock, systemClock } from './base/clock.ts'
export type { Duration } from './base/duration.ts'
export { CacheError, type CacheErrorCode, type CacheErrorJson } from './base/errors.ts'
export { type Cache, createCache, type Surroundings } from './cache.ts'
export type { BoundCodec, Codec, ValueTypes } from './codec/codec.ts'
export { type CompressedOptions, compressed } from './codec/compressed.ts'
export { msgpackCodec } from './codec/msgpack.ts'
export { superjsonCodec } from './codec/superjson.ts'
export type { Engine, Host } from './host/engine.ts'
export { createRawSession, type RawSession, type RawSessionWords } from './host/raw-transaction.ts'
export { canonical } from './keys/canonical.ts'
export {
  type Connection,
  type ConnectionSource,
  connectionMeaning,
  fixedConnection,
  hiddenConnection,
} from './keys/connection.ts'
export { nodePostgresClient, nodePostgresPool } from './keys/node-postgres.ts'
export { watchParsers } from './keys/parsers.ts'
export { pgliteConnection } from './keys/pglite.ts'
export { filePlace, networkPlace, objectPlace } from './keys/place.ts'
export type { CacheOptions, MemoryOptions, UnknownWrites } from './options/config.ts'
export { notBuilt } from './options/resolve-policy.ts'
export type { RawChanges, RawWrite } from './pipeline/raw-writes.ts'
export type { EngineAtOnce } from './pipeline/sync.ts'
export type { WrapOptions } from './pipeline/wrap.ts'
export { collatedText } from './plan/collation.ts'
export {
  type Change,
  type ColumnValue,
  type Effect,
  type Learn,
  type Occurrence,
  type Pins,
  type ReadPlan,
  type ReadPlanAtOnce,
  type ReturnedRow,
  type RowRead,
  UNKNOWN,
  type WritePlan,
  type WritePlanAtOnce,
  type WriteThrough,
} from './plan/plan.ts'
export type { Policy, PolicyOptions } from './plan/policy.ts'
export type {
  Action,
  Column,
  ColumnType,
  ForeignKey,
  KeyKind,
  LookupKey,
  Schema,
  Table,
} from './plan/table.ts'
export { blindViews } from './plan/undeclared-views.ts'
export type {
  BypassReason,
  CacheEventName,
  CacheEvents,
  CacheListener,
  InvalidateEvent,
  MissReason,
  ReadEvent,
  Source,
  WriteEvent,
} from './report/events.ts'
export type { Counts, Explained, ReadReport, Stats } from './report/report.ts'
export type { SqlDialect } from './sql/dialect.ts'
export { committing } from './sql/ends-transaction.ts'
export { type SqlScan, scanSql } from './sql/scan.ts'
export { sessionMeaning } from './sql/session-fingerprint.ts'
export { sqlWords } from './sql/text.ts'
export { changingSql, changingText, changingValue, changingWords } from './sql/volatile-sql.ts'
export { type MemoryStoreOptions, memoryStore } from './store/memory-store.ts'
export type {
  Fetched,
  FinishRequest,
  MarkRequest,
  Renewal,
  Store,
  StoreContext,
  StoredEntry,
} from './store/store.ts'
export { withActions } from './tags/actions.ts'
export type { InvalidateRequest } from './tags/invalidation-tags.ts'
export type {
  Lease,
  TagReply,
  TagReport,
  TagRequest,
  TagState,
  Witness,
  WitnessedTag,
} from './tags/tag.ts'
export type { WriteTag } from './tags/write-tags.ts'
export { createStatementOrder, type StatementOrder, type Turn } from './transaction/statement-order.ts'
export type { Outcome, Transaction, TransactionWrite } from './transaction/transaction.ts'
