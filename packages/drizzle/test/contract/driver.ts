import type { Cache } from '@larder/core'
import type { SQL } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type * as schema from './schema-pg.ts'

/** The type of db that the contract is written for. Other drivers are cast to it. */
export type ContractSchema = typeof schema
export type ContractDb = NodePgDatabase<ContractSchema>

type Read = (db: ContractDb, t: ContractSchema) => PromiseLike<unknown>

/** The relational queries of the contract, whose syntax differs between versions of Drizzle. */
export interface RelationalReads {
  readonly usersWithPostsAndComments: Read
  readonly userWithPosts: Read
  readonly userWithPostsAndComments: Read
  readonly postWithAuthor: Read
  readonly viewsOfPostWithAuthor: Read
  readonly userByEmailWithPosts: Read
  readonly commentWithPostAndAuthor: Read
  readonly postTitledWithAuthorsName: Read
  /** User 3 has no post. */
  readonly userWithAnyPost: Read
  readonly everythingById: Read
  /** Without relations. */
  readonly postById: Read
}

/** A separate database behind one driver. */
export interface DriverDatabase {
  /** A plain Drizzle db. Each call creates a new client if the driver supports several. */
  db(): ContractDb | Promise<ContractDb>
  /** The SQL texts that have reached the driver, on all clients. */
  readonly sent: readonly string[]
  stop(): Promise<void>
}

/** A driver that the contract is run on. */
export interface Driver {
  readonly name: string
  start(): Promise<DriverDatabase>
  /** Clients immediately see each other's committed rows. If false, tests that need a second connection are skipped. */
  readonly concurrent: boolean
  /** A transaction occupies the only connection of its db, but other dbs have their own. */
  readonly hasRivals?: true
  /** The driver answers synchronously, and so do its transactions. */
  readonly synchronous?: true
  /** The driver rejects BEGIN as a statement. */
  readonly rejectsBegin?: true
  /** Another driver of its dialect runs the contract with every form of SQL: see {@link formsFor}. */
  readonly second?: true
  readonly dialect: 'postgres' | 'sqlite' | 'mysql'
  /** The contract's tables in the driver's dialect, under the same names and with the same columns. */
  readonly schema: ContractSchema
  /** The relational queries of another version of Drizzle, whose dbs contain no schema. */
  readonly relational?: RelationalReads
}

/** The fixture of a test of the contract. */
export interface Contract {
  /** A db on the same database, without a cache. */
  readonly plain: ContractDb
  /** A db with a cache and a policy for every table. */
  readonly db: ContractDb
  readonly cache: Cache
  readonly t: ContractSchema
  readonly relational: RelationalReads
  /** Runs raw SQL by the method of the dialect. */
  raw(db: ContractDb, sql: SQL | string): PromiseLike<unknown>
  readonly sentStatements: readonly string[]
  /** Opens another plain db. */
  openDb(): ContractDb | Promise<ContractDb>
  /** The source of the read in `fn`, and the reason: `'memory'`, `'database miss'`. */
  sourceOf(fn: () => PromiseLike<unknown>): Promise<string>
}

/** Registers tests. `the()` returns the fixture of the running test. */
export type Rules = (the: () => Contract, driver: Driver) => void
