import type { Engine, Schema } from '@larder/core/host'
import type { ReadPlans } from '../plan/read-plans.ts'
import type { Policies } from '../policy/policies.ts'
import type { ModelMap } from '../schema/model.ts'
import type { Announcements } from '../transaction/announcements.ts'
import type { Transactions } from '../transaction/transaction.ts'
import type { DeclaredTables } from './declared-tables.ts'
import type { RawSql } from './raw.ts'

/** What the operations of one client need, shared by all its extended forms. */
export interface OperationDeps {
  readonly engine: Engine
  /** Undefined: the driver adapter is not watched. */
  readonly announcements: Announcements | undefined
  readonly models: ModelMap
  readonly reads: ReadPlans
  readonly provider: string
  readonly isPostgres: boolean
  /** Fields left out of every result of a model. */
  readonly omitted: (model: string) => ReadonlySet<string>
  /** Under `'prisma'` the client itself carries out the referential actions. */
  readonly relationMode: 'foreignKeys' | 'prisma'
  /** The tables that the client writes, with their foreign keys. */
  readonly schema: Schema
  readonly policies: Policies
  /** False: cached reads depend on their user tags alone, so that no write invalidates them. */
  readonly dependsOnWrites: boolean
  readonly transactions: Transactions
  readonly raw: RawSql
  readonly declared: DeclaredTables
  /** Tables of views whose policy does not name the tables they read. Reads of them bypass the cache. */
  readonly undeclaredViews: ReadonlySet<string>
  /** See `ReadPlan.unreachable`. */
  unreachable(error: unknown): boolean
  /** False while a query of its own would see what an open transaction has not committed. */
  mayRefresh(): boolean
}
