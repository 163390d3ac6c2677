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

/** How an ORM adapter describes a client when it attaches it to a cache. */
export interface Host {
  /** Name of the adapter, such as `'prisma'`. Clients of two adapters share invalidations, but no entries. */
  readonly name: string
  readonly schema: Schema
  /** Name of the database, as the user gave it. Undefined: `'main'`. */
  readonly database: string | undefined
  /** Dialect, driver, row-shape version, schema digest, client-wide settings: part of every entry key. */
  readonly identity: readonly unknown[]
  /**
   * What the client is connected to. It is part of every entry key; its address only if no `database` is given. Absent: all
   * clients with this identity read the same database.
   */
  readonly connection?: ConnectionSource
  /** Classes of values that only the adapter knows, such as Decimal. */
  readonly types: ValueTypes
  /**
   * Imports PostgreSQL's parser `libpg-query`; rejects if it is not installed. Absent: the database is not PostgreSQL. Called
   * once, for the first raw write whose tables are not declared.
   */
  readonly sqlParser?: () => Promise<unknown>
  /** Views whose source tables are not declared, by their bare names in lower case. */
  readonly undeclaredViews?: ReadonlySet<string>
  /**
   * True if the client sends its statements in the order of the calls, because it has one connection. A read then never
   * waits for loads of other callers while it holds its place. Default `false`.
   */
  readonly inOrder?: boolean
}

/** What a policy is for. */
export interface PolicyUse {
  /** Bare name of its table: what the policy says about writes applies to every later write of that table. */
  readonly table?: string
  /** What the user should do if the policy has no `ttl`, for the error. */
  readonly ttlFix?: string
}

/** Executes the reads and writes of one client. */
export interface Engine {
  readonly events: Events
  /** Determines what raw SQL may change. */
  readonly raw: RawChanges
  /** Detaches the client. Its tables become unknown unless another client has them. */
  detach(): void
  /**
   * Merges a policy over the cache's defaults and validates it.
   * @param path names the policy in errors.
   * @throws CacheError `LARDER_CONFIG` naming the option, its value and the fix.
   */
  policy(options: PolicyOptions, path: string, use?: PolicyUse): Policy
  /** Runs a read through the cache. Rejects only with what the plan's own query rejects with, or for a missing scope. */
  read<T>(plan: ReadPlan<T>): Promise<T>
  /**
   * Runs a write of its own, or one statement of `transaction`, and invalidates what it changed.
   * @throws CacheError `LARDER_MARK_FAILED` before the statement runs, if a policy says `onMarkFailure: 'reject'`.
   */
  write<T>(plan: WritePlan<T>, transaction?: Transaction): Promise<T>
  /** Reads and writes of synchronous drivers. */
  readonly sync: SyncEngine
  /** Opens a transaction. See {@link Transaction} for when its statements set their marks. */
  transaction(marking: 'late' | 'early'): Transaction
  /** True while this process loads a computed value, which may depend on reads that are not cached. */
  isCapturing(): boolean
  /** Reports a read that runs without `read`: a computed value whose load it is part of is not stored. */
  noteOpaqueRead(operation: string): void
  /** Runs `body` inside `transaction`, so that `cache.invalidate` and `cache.wrap` in it belong to the transaction. */
  inside<T>(transaction: Transaction, body: () => PromiseLike<T>): Promise<T>
  /** Returns the transaction of the running code, if there is one. */
  current(): Transaction | undefined
  /** Returns changes that stand for any change to any table of this client. */
  everything(): readonly Change[]
  /** Does what `cache.invalidate` does, for the database of this client. In a transaction it is applied at COMMIT. */
  invalidate(request: InvalidateRequest, transaction?: Transaction): Promise<void>
}
