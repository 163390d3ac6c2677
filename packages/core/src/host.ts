// What an ORM adapter needs: the engine, the plans it takes, and what adapters have in common.
export { copyBinary } from './base/binary.ts'
export { type Bounded, createBounded } from './base/bounded-map.ts'
export { type Clock, systemClock } from './base/clock.ts'
export { ownText } from './base/own-text.ts'
export type { Surroundings } from './cache.ts'
export type { Engine, Host } from './host/engine.ts'
export { createRawSession, type RawSession, type RawSessionOptions } from './host/raw-transaction.ts'
export { canonical } from './keys/canonical.ts'
export {
  type Connection,
  type ConnectionSource,
  connectionFingerprint,
  fixedConnection,
  hiddenConnection,
} from './keys/connection.ts'
export { nodePostgresClient, nodePostgresPool } from './keys/node-postgres.ts'
export { connectionByParsers } from './keys/parsers.ts'
export { pgliteConnection } from './keys/pglite.ts'
export { filePlace, networkPlace, objectPlace } from './keys/place.ts'
export { createQueryMap, type QueryMap } from './keys/query-map.ts'
export { createOutageDetector, type OutageSign } from './outage/detector.ts'
export { LIBSQL, MYSQL, NETWORK, NODE_POSTGRES, POSTGRES, SQLITE } from './outage/signs.ts'
export type { RawChanges, RawWrite } from './pipeline/raw-writes.ts'
export type { SyncEngine } from './pipeline/sync.ts'
export { collatedText } from './plan/collation.ts'
export {
  type Change,
  type ColumnValue,
  type Effect,
  type Occurrence,
  type Pins,
  type ReadPlan,
  type ResultDependency,
  type ReturnedRow,
  type RowRead,
  type SyncReadPlan,
  type SyncWritePlan,
  UNKNOWN,
  type WritePlan,
  type WriteThrough,
} from './plan/plan.ts'
export type { Policy } from './plan/policy.ts'
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
export { findUndeclaredViews } from './plan/undeclared-views.ts'
export type { SqlDialect } from './sql/dialect.ts'
export { endsTransaction } from './sql/ends-transaction.ts'
export { type SqlScan, scanSql } from './sql/scan.ts'
export {
  createSessionState,
  type SessionState,
} from './sql/session-state.ts'
export { sqlWords } from './sql/text.ts'
export { volatileSql, volatileText, volatileValue, volatileWords } from './sql/volatile-sql.ts'
export { withActions } from './tags/actions.ts'
export type { WriteTag } from './tags/write-tags.ts'
export { createStatementOrder, type StatementOrder, type Turn } from './transaction/statement-order.ts'
export type { Outcome, Transaction, TransactionWrite } from './transaction/transaction.ts'
