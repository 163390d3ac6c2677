import type { SqlDialect } from '@larder/core/host'
import { compareReleases } from './compare/releases.ts'
import { conceal } from './conceal.ts'
import { connectDatabase } from './connect.ts'
import { dialectOf, reasonOf } from './connection.ts'
import type { Declared } from './declared/declared.ts'
import { loadDeclared } from './declared/load.ts'
import { examine } from './examine.ts'
import type { Finding } from './finding.ts'
import { Mistake } from './mistake.ts'
import { type Options, optionsOf, USAGE } from './options.ts'
import { report } from './report.ts'
import { findingsOfStore } from './valkey.ts'

/** Where the command writes, and what it reads of its surroundings. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  out(text: string): void
  err(text: string): void
}

/** Runs the command. Writes no password. @returns its exit code. */
export async function doctor(args: readonly string[], { env, out, err }: Surroundings): Promise<0 | 1 | 2> {
  let secret: readonly (string | undefined)[] = [env.DATABASE_URL, env.VALKEY_URL, ...args]
  const shown = (text: string): string => conceal(text, secret)
  try {
    const [command, ...rest] = args
    if (command === '--help' || command === '-h') {
      out(USAGE)
      return 0
    }
    if (command !== 'doctor') throw new Mistake(USAGE)
    const options = optionsOf(rest)
    if (options.help) {
      out(USAGE)
      return 0
    }
    secret = [...secret, options.database, ...(options.valkey ?? [])]
    const findings = await look(options, env)
    // Names of tables, which may be somebody's password: they stay as they are.
    out(conceal(options.json ? JSON.stringify({ findings }, null, 2) : report(findings), []))
    return findings.some(({ level }) => level === 'danger') ? 1 : 0
  } catch (error) {
    err(shown(reasonOf(error)))
    return 2
  }
}

async function look(options: Options, env: Surroundings['env']): Promise<readonly Finding[]> {
  const database = options.database ?? env.DATABASE_URL
  const valkey = options.valkey ?? (env.VALKEY_URL ? [env.VALKEY_URL] : [])
  const { schema } = options
  if (schema === undefined) {
    if (options.previous !== undefined)
      throw new Mistake('there is nothing to compare the previous release with: give --schema')
    if (options.database !== undefined)
      throw new Mistake('there is nothing to compare the database with: give --schema')
    if (!valkey.length) throw new Mistake(USAGE)
  } else if (!database && options.previous === undefined)
    throw new Mistake('there is no database to compare with: give --database, or set DATABASE_URL')
  const compared = schema !== undefined && database ? await both({ ...options, schema }, database) : undefined
  const releases = await releasesOf(options)
  const advice = valkey.length ? await findingsOfStore(valkey, options.sentinel) : []
  return examine({ ...compared, releases, advice, ...(options.ignore && { ignore: options.ignore }) })
}

/** What a rolling deploy from `--previous` to `--schema` can make stale. */
async function releasesOf(options: Options): Promise<readonly Finding[]> {
  const { schema, previous } = options
  if (schema === undefined || previous === undefined) return []
  // Policies are those of this release: both are compared by what their tables say.
  const load = (file: string) =>
    loadDeclared({ schema: file, casing: options.casing, collation: options.collation })
  return compareReleases((await load(previous)).schema, (await load(schema)).schema)
}

/** What is declared, and what the database says. */
async function both(options: Options & { schema: string }, database: string) {
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

function mismatch(file: string, declared: Declared['dialect'] & string, actual: SqlDialect): Mistake {
  return new Mistake(
    `${file} declares tables of ${NAMES[declared]}, and the database is ${NAMES[actual]}: give the --database that the schema is for`,
  )
}
