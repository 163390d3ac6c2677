import type { SqlDialect } from '@larder/core/host'
import { compareReleases } from './compare/releases.ts'
import { conceal } from './conceal.ts'
import { connectDatabase } from './connect.ts'
import { dialectOf, reasonOf } from './connection.ts'
import type { Declared } from './declared/declared.ts'
import { loadDeclared } from './declared/load.ts'
import { DoctorError } from './doctor-error.ts'
import { examine } from './examine.ts'
import type { Finding } from './finding.ts'
import { type Options, optionsOf, USAGE } from './options.ts'
import { report } from './report.ts'
import { findingsOfStore } from './valkey.ts'

/** The environment of the command, and where it writes. */
export interface Surroundings {
  /** Environment variables: `DATABASE_URL` and `VALKEY_URL` are defaults. */
  readonly env: Readonly<Record<string, string | undefined>>
  out(text: string): void
  err(text: string): void
}

/**
 * Runs the command `larder doctor`. Never prints a password, and never rejects.
 * @param args the command line, beginning with `doctor`.
 * @returns the exit code: 0 if nothing can make a read stale, 1 if something can, 2 if the doctor could not look.
 * @example
 * ```ts
 * import { doctor } from '@larder/doctor'
 *
 * const { env } = process
 * const code = await doctor(['doctor', '--schema', 'src/schema.ts'], { env, out: console.log, err: console.error })
 * ```
 */
export async function doctor(args: readonly string[], { env, out, err }: Surroundings): Promise<0 | 1 | 2> {
  let secret: readonly (string | undefined)[] = [env.DATABASE_URL, env.VALKEY_URL, ...args]
  const shown = (text: string): string => conceal(text, secret)
  try {
    const [command, ...rest] = args
    if (command === '--help' || command === '-h') {
      out(USAGE)
      return 0
    }
    if (command !== 'doctor') throw new DoctorError(USAGE)
    const options = optionsOf(rest)
    if (options.help) {
      out(USAGE)
      return 0
    }
    secret = [...secret, options.database, ...(options.valkey ?? [])]
    const findings = await runChecks(options, env)
    // Findings are not searched for the secrets, because a table may have the name of a password.
    out(conceal(options.json ? JSON.stringify({ findings }, null, 2) : report(findings), []))
    return findings.some(({ level }) => level === 'danger') ? 1 : 0
  } catch (error) {
    err(shown(reasonOf(error)))
    return 2
  }
}

async function runChecks(options: Options, env: Surroundings['env']): Promise<readonly Finding[]> {
  const database = options.database ?? env.DATABASE_URL
  const valkey = options.valkey ?? (env.VALKEY_URL ? [env.VALKEY_URL] : [])
  const { schema } = options
  if (schema === undefined) {
    if (options.previous !== undefined)
      throw new DoctorError('--previous needs --schema, the schema of the next release')
    if (options.database !== undefined)
      throw new DoctorError('--database needs --schema, the schema to compare it with: give --schema')
    if (!valkey.length) throw new DoctorError(USAGE)
  } else if (!database && options.previous === undefined)
    throw new DoctorError('--schema needs a database to compare with: give --database, or set DATABASE_URL')
  const compared =
    schema !== undefined && database ? await loadBoth({ ...options, schema }, database) : undefined
  const releases = await releasesOf(options)
  const advice = valkey.length ? await findingsOfStore(valkey, options.sentinel) : []
  return examine({ ...compared, releases, advice, ...(options.ignore && { ignore: options.ignore }) })
}

/** Findings about what a rolling deploy from `--previous` to `--schema` can make stale. */
async function releasesOf(options: Options): Promise<readonly Finding[]> {
  const { schema, previous } = options
  if (schema === undefined || previous === undefined) return []
  // Policies are not loaded: those given are of this release only.
  const load = (file: string) =>
    loadDeclared({ schema: file, casing: options.casing, collation: options.collation })
  return compareReleases((await load(previous)).schema, (await load(schema)).schema)
}

/** Loads what is declared, and what the database says. */
async function loadBoth(options: Options & { schema: string }, database: string) {
  const of = dialectOf(database)
  const { schema, dialect, emulated } = await loadDeclared(options)
  if (dialect !== undefined && dialect !== of) throw mismatch(options.schema, dialect, of)
  const connection = await connectDatabase(database)
  try {
    return { schema, emulated, collation: options.collation, catalogue: await connection.readCatalogue() }
  } finally {
    await connection.close()
  }
}

const NAMES: Readonly<Record<SqlDialect, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL or MariaDB',
  sqlite: 'SQLite',
}

function mismatch(file: string, declared: Declared['dialect'] & string, actual: SqlDialect): DoctorError {
  return new DoctorError(
    `${file} declares tables of ${NAMES[declared]}, and the database is ${NAMES[actual]}: give the --database of that schema`,
  )
}
