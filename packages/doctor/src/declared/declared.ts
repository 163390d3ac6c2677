import type { Schema, SqlDialect } from '@larder/core/host'

/** The tables that an application declares to its cache. */
export interface Declared {
  readonly schema: Schema
  /** The database they are declared for; undefined if the schema does not say. */
  readonly dialect: SqlDialect | undefined
  /** The client carries out the actions of foreign keys itself. */
  readonly emulated: boolean
}

/** The files that declare them, and options that change their meaning. */
export interface Sources {
  /** The file that Prisma's generator writes, or a module of Drizzle tables. */
  readonly schema: string
  /** A module that exports `models`, as given to `prismaCache`. */
  readonly models?: string | undefined
  /** A module that exports `tables`, as given to `drizzleCache`. */
  readonly tables?: string | undefined
  /** As given to `drizzle(…)`. */
  readonly casing?: string | undefined
  /** MySQL and MariaDB: as given to `prismaCache` or `drizzleCache`. */
  readonly collation?: string | undefined
}
