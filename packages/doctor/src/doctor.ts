import { parseArgs } from 'node:util'
import { adviceOf, connectDatabase } from './connect.ts'
import { examine } from './examine.ts'
import { loadSchema } from './load-schema.ts'
import { Mistake } from './mistake.ts'
import { report } from './report.ts'

const USAGE = `larder doctor: compares what a cache was told with what is there. Changes nothing.

  npx larder doctor --schema generated/larder.ts --database postgresql://…

  --schema FILE     the datamodel that the generator larder-prisma writes
  --models FILE     a module that exports \`models\`, as given to prismaCache: for touches, reads and lookupKeys
  --database URL    the PostgreSQL to compare with; default: DATABASE_URL
  --valkey URL      the server of the store; default: VALKEY_URL
  --ignore CODE     leave findings of this code out, or CODE:table; may be repeated
  --json            findings as JSON

Ends with 0 where nothing can cost freshness, 1 where something can, 2 where it could not look.`

/** Where the command writes, and what it reads of its surroundings. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  out(text: string): void
  err(text: string): void
}

/** Runs the command. @returns its exit code. */
export async function doctor(args: readonly string[], { env, out, err }: Surroundings): Promise<0 | 1 | 2> {
  try {
    const [command, ...rest] = args
    if (command !== 'doctor') throw new Mistake(USAGE)
    const options = optionsOf(rest)
    if (options.help) {
      out(USAGE)
      return 0
    }
    const findings = await look(options, env)
    out(options.json ? JSON.stringify({ findings }, null, 2) : report(findings))
    return findings.some(({ level }) => level === 'danger') ? 1 : 0
  } catch (error) {
    err(error instanceof Mistake ? error.message : String(error))
    return 2
  }
}

function optionsOf(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        schema: { type: 'string' },
        models: { type: 'string' },
        database: { type: 'string' },
        valkey: { type: 'string' },
        ignore: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    return values
  } catch (error) {
    throw new Mistake(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
  }
}

async function look(options: ReturnType<typeof optionsOf>, env: Surroundings['env']) {
  const database = options.database ?? env.DATABASE_URL
  const valkey = options.valkey ?? env.VALKEY_URL
  if (options.schema !== undefined && !database)
    throw new Mistake('there is no database to compare with: give --database, or set DATABASE_URL')
  if (options.schema === undefined && options.database !== undefined)
    throw new Mistake('there is nothing to compare the database with: give --schema')
  if (options.schema === undefined && !valkey) throw new Mistake(USAGE)
  const schema = options.schema === undefined ? undefined : await loadSchema(options.schema, options.models)
  const connected = schema && database ? await connectDatabase(database) : undefined
  try {
    return await examine({
      ...(schema && { schema }),
      ...(connected && { query: connected.query }),
      ...(valkey && { advice: () => adviceOf(valkey) }),
      ...(options.ignore && { ignore: options.ignore }),
    })
  } finally {
    await connected?.close()
  }
}
