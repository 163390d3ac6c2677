import { parseArgs } from 'node:util'
import { DoctorError } from './doctor-error.ts'

export const USAGE = `larder doctor: compares what a cache knows of your tables with the database. Changes nothing.

  npx larder doctor --schema generated/larder.ts --database postgresql://…
  npx larder doctor --schema src/schema.ts --tables src/policies.ts --database mysql://…
  npx larder doctor --schema generated/larder.ts --previous ../released/generated/larder.ts

  --schema FILE     the datamodel that the generator larder-prisma writes, or the module of Drizzle's tables
  --models FILE     Prisma: a module that exports \`models\`, as given to prismaCache: for touches, reads and lookupKeys
  --tables FILE     Drizzle: a module that exports \`tables\`, as given to drizzleCache, for the same options
  --previous FILE   the file of --schema in the release that runs now: finds what a rolling deploy can make stale
  --casing CASING   Drizzle: snake_case or camelCase, as given to drizzle(…)
  --collation NAME  MySQL and MariaDB: as given to prismaCache or drizzleCache
  --database URL    postgresql://, mysql:// (MariaDB too), file: (SQLite) or libsql://; default: DATABASE_URL
  --valkey URL      the server of the store; several: nodes of a Cluster; default: VALKEY_URL
  --sentinel NAME   the URLs of --valkey are Sentinels, which know the primary by this name
  --ignore CODE     leave out findings of this code, or CODE:table; may be repeated
  --json            findings as JSON

The exit code is 0 if nothing can make a read stale, 1 if something can, 2 if the doctor could not look.`

/** The options of the command, unchecked. */
export interface Options {
  readonly schema?: string | undefined
  readonly models?: string | undefined
  readonly tables?: string | undefined
  readonly previous?: string | undefined
  readonly casing?: string | undefined
  readonly collation?: string | undefined
  readonly database?: string | undefined
  readonly valkey?: readonly string[] | undefined
  readonly sentinel?: string | undefined
  readonly ignore?: readonly string[] | undefined
  readonly json?: boolean | undefined
  readonly help?: boolean | undefined
}

/** Parses the command line. @throws DoctorError for an unknown option, with the usage. */
export function optionsOf(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        schema: { type: 'string' },
        models: { type: 'string' },
        tables: { type: 'string' },
        previous: { type: 'string' },
        casing: { type: 'string' },
        collation: { type: 'string' },
        database: { type: 'string' },
        valkey: { type: 'string', multiple: true },
        sentinel: { type: 'string' },
        ignore: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    return values
  } catch (error) {
    throw new DoctorError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
  }
}
