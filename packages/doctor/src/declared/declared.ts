import type { Schema, SqlDialect } from '@larder/core/host'

/** The tables an application's cache is told of. */
export interface Declared {
  readonly schema: Schema
  /** The database they are declared for; undefined where nothing says so. */
  readonly dialect: SqlDialect | undefined
  /** The client itself carries out the actions of foreign keys. */
  readonly emulated: boolean
}

/** Where they stand. */
export interface Sources {
  /** What Prisma's generator wrote, or a module of Drizzle tables. */
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
