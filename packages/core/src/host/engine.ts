import type { ValueTypes } from '../codec/codec.ts'
import type { ConnectionSource } from '../keys/connection.ts'
import type { RawChanges } from '../pipeline/raw-writes.ts'
import type { SyncEngine } from '../pipeline/sync.ts'
import type { Change, ReadPlan, WritePlan } from '../plan/plan.ts'
import type { Policy, PolicyOptions } from '../plan/policy.ts'
import type { Schema } from '../plan/table.ts'
import type { Events } from '../report/events.ts'
import type { InvalidateRequest } from '../tags/invalidation-tags.ts'
import type { Transaction } from '../transaction/transaction.ts'

/** What a host package tells about one client when it attaches it to a cache. */
export interface Host {
  /** `'prisma'`, `'drizzle'`: clients of two hosts share invalidations, and no entries. */
  readonly name: string
  readonly schema: Schema
  /** Name of the database, as the user gave it; undefined: the default, `'main'`. */
  readonly database: string | undefined
  /** Dialect, driver, row-shape version, schema digest, client-wide settings: part of every entry key. */
  readonly identity: readonly unknown[]
  /**
   * What the client is connected to: part of every entry key, the place only where no `database` is named. Absent: all
   * clients of this identity read the same database.
   */
  readonly connection?: ConnectionSource
  /** Classes only the host knows. */
  readonly types: ValueTypes
  /**
   * Imports PostgreSQL's parser `libpg-query`, which its user may have installed; rejects where it is not there. Absent: the
   * database is not PostgreSQL. Called once, when the first raw write comes whose tables nobody has told.
   */
  readonly sqlParser?: () => Promise<unknown>
  /** Views, by their bare names in lower case, that nobody has declared the sources of. */
  readonly undeclaredViews?: ReadonlySet<string>
}

/** One client's way into the engine. */
export interface Engine {
  readonly events: Events
  /** What raw SQL may change. */
  readonly raw: RawChanges
  /** Takes the client off the cache again: its tables are no longer known, unless another client has them. */
  detach(): void
  /**
   * Validates a policy merged over the cache's defaults. `path` is used in errors. `table`: bare name of the table it
   * is of; what it says of writes holds for every write of that table from now on.
   */
  policy(options: PolicyOptions, path: string, table?: string): Policy
  read<T>(plan: ReadPlan<T>): Promise<T>
  /**
   * A write of its own, or one statement of `transaction`.
   * @throws CacheError `LARDER_MARK_FAILED`, before it runs, where a policy says `onMarkFailure: 'reject'`.
   */
  write<T>(plan: WritePlan<T>, transaction?: Transaction): Promise<T>
  /** The same for drivers that answer at once. */
  readonly sync: SyncEngine
  /** Opens the scope of a transaction: see {@link Transaction} for when its statements mark. */
  transaction(marking: 'late' | 'early'): Transaction
  /** Runs `body` so that `cache.invalidate` and `cache.wrap` inside it know their transaction. */
  inside<T>(transaction: Transaction, body: () => PromiseLike<T>): Promise<T>
  /** The transaction the running code is in, if any. */
  current(): Transaction | undefined
  /** Changes that stand for "anything may have happened to any table of this client". */
  everything(): readonly Change[]
  /** As `cache.invalidate`, for this client's database; in a transaction, applied when it commits. */
  invalidate(request: InvalidateRequest, transaction?: Transaction): Promise<void>
}
