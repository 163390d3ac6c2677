export type { ByteSize } from './bytes.ts'
export { type Cache, createCache, type Surroundings } from './cache.ts'
export { type Clock, systemClock } from './clock.ts'
export type { BoundCodec, Codec, ValueTypes } from './codec/codec.ts'
export { type CompressedOptions, compressed } from './codec/compressed.ts'
export { msgpackCodec } from './codec/msgpack.ts'
export { superjsonCodec } from './codec/superjson.ts'
export type { CacheOptions, MemoryOptions, UnknownWrites } from './config.ts'
export type { Duration } from './duration.ts'
export type { Engine, EngineAtOnce, Host } from './engine.ts'
export { CacheError, type CacheErrorCode, type CacheErrorJson } from './errors.ts'
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
} from './events.ts'
export { createStatementOrder, type StatementOrder, type Turn } from './fence/statement-order.ts'
export type { Outcome, Transaction, TransactionWrite } from './fence/transaction.ts'
export type { InvalidateRequest } from './invalidate.ts'
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
} from './plan.ts'
export type { Policy, PolicyOptions } from './policy/policy.ts'
export { notBuilt } from './policy/resolve.ts'
export type { RawChanges, RawWrite } from './raw/changes.ts'
export { createRawSession, type RawSession, type RawSessionWords } from './raw/session.ts'
export type { Explained, ReadReport } from './report.ts'
export { blindViews } from './schema/blind-views.ts'
export { collatedText } from './schema/collation.ts'
export type {
  Action,
  Column,
  ColumnType,
  ForeignKey,
  KeyKind,
  LookupKey,
  Schema,
  Table,
} from './schema/table.ts'
export { changingSql, changingText, changingValue, changingWords } from './sql/changing.ts'
export { committing } from './sql/committing.ts'
export type { SqlDialect } from './sql/dialect.ts'
export { type SqlScan, scanSql } from './sql/scan.ts'
export { sessionMeaning } from './sql/session-meaning.ts'
export { sqlWords } from './sql/text.ts'
export type { Counts, Stats } from './stats.ts'
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
export type { WrapOptions } from './wrap.ts'
