import type { Cache } from '@larder/core'
import type { SQL } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type * as schema from './schema-pg.ts'

/** The db the contract is written for; other drivers are given as if they were this one. */
export type ContractSchema = typeof schema
export type ContractDb = NodePgDatabase<ContractSchema>

type Read = (db: ContractDb, t: ContractSchema) => PromiseLike<unknown>

/** The contract's relational queries, which each version of Drizzle writes in its own way. */
export interface RelationalReads {
  readonly usersWithPostsAndComments: Read
  readonly userWithPosts: Read
  readonly userWithPostsAndComments: Read
  readonly postWithAuthor: Read
  readonly viewsOfPostWithAuthor: Read
  readonly userByEmailWithPosts: Read
  readonly commentWithPostAndAuthor: Read
  readonly postTitledWithAuthorsName: Read
  /** User 3 has none. */
  readonly userWithAnyPost: Read
  readonly everythingById: Read
  /** Nothing but the row. */
  readonly postById: Read
}

/** A database of its own behind one driver. */
export interface DriverDatabase {
  /** A plain Drizzle db. Each call gives a client of its own where the driver has several. */
  db(): ContractDb | Promise<ContractDb>
  /** The SQL texts that reached the driver so far, on all its clients. */
  readonly sent: readonly string[]
  stop(): Promise<void>
}

/** A driver under contract. */
export interface Driver {
  readonly name: string
  start(): Promise<DriverDatabase>
  /** Several clients see one another's committed rows at once. Without it, tests that need a second connection are left out. */
  readonly concurrent: boolean
  /** Transactions hold the only connection of their db, and other dbs have connections of their own. */
  readonly rivals?: true
  /** The driver itself refuses BEGIN as a statement. */
  readonly refusesBegin?: true
  readonly dialect: 'postgres' | 'sqlite' | 'mysql'
  /** The contract's tables in the driver's dialect, under the same names and with the same columns. */
  readonly schema: ContractSchema
  /** The relational queries, where the version of Drizzle writes them otherwise; its dbs then carry no schema. */
  readonly relational?: RelationalReads
}

/** What a contract's rule works with. */
export interface Contract {
  /** Without a cache, on the same database. */
  readonly plain: ContractDb
  /** With one: every table has a policy. */
  readonly db: ContractDb
  readonly cache: Cache
  readonly t: ContractSchema
  readonly relational: RelationalReads
  /** Runs raw SQL, which each dialect names otherwise. */
  raw(db: ContractDb, sql: SQL | string): PromiseLike<unknown>
  readonly sent: readonly string[]
  /** One more plain db. */
  another(): ContractDb | Promise<ContractDb>
  /** Where the one read in `fn` came from, and why: `'memory'`, `'database miss'`. */
  told(fn: () => PromiseLike<unknown>): Promise<string>
}

/** Registers rules; `the()` gives the world of the running test. */
export type Rules = (the: () => Contract, driver: Driver) => void
