import type { PGlite } from '@electric-sql/pglite'
import { createDatabase, postgresUrl, startPglite } from '@larder/testing'
import pg from 'pg'
import { POSTGRES } from '../contract/ddl.ts'
import type { ContractDb, RelationalReads } from '../contract/driver.ts'
import * as schema from '../contract/schema-pg.ts'
import type { Connected } from './connected.ts'
import { createRecorder, type Recorder } from './recorder.ts'

const SEQUENCES = [
  'ALTER SEQUENCE app_user_id_seq RESTART 1000',
  'ALTER SEQUENCE blog_post_id_seq RESTART 1000',
]

/** A database with the contract's tables. */
export async function contractDatabase(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const database = await createDatabase(await postgresUrl())
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  for (const sql of [...POSTGRES, ...SEQUENCES]) await client.query(sql)
  await client.end()
  return database
}

export const POSTGRES_PARTS = {
  dialect: 'postgres',
  schema,
  takesBegin: true,
  locksOthersOut: false,
} as const

/** @param size size of the pool. Undefined: a single client. */
export async function nodePostgres(
  size: number | undefined,
  connect: (client: pg.Pool) => ContractDb,
  relational: RelationalReads,
): Promise<Connected> {
  const database = await contractDatabase()
  const recorder = createRecorder()
  const Client = recordedClient(recorder)
  const single = size === undefined ? new Client({ connectionString: database.url }) : undefined
  const client = single ?? new pg.Pool({ connectionString: database.url, max: size ?? 1, Client })
  ;(client as pg.Pool).on('error', () => {})
  await single?.connect()
  const db = connect(client as pg.Pool)
  return {
    ...POSTGRES_PARTS,
    name: `node-postgres, ${size === undefined ? 'a client' : `a pool of ${size}`}`,
    relational,
    recorder,
    connections: size === undefined ? 'shared' : size === 1 ? 'one' : 'several',
    // With several connections, BEGIN may reach any of them.
    takesBegin: size === undefined || size === 1,
    db: () => db,
    async stop() {
      await client.end()
      await database.drop()
    },
  }
}

function recordedClient(recorder: Recorder): typeof pg.Client {
  class Recorded extends pg.Client {}
  const { query } = pg.Client.prototype as { query: (...parameters: unknown[]) => unknown }
  Object.assign(Recorded.prototype, {
    query(this: pg.Client, ...parameters: unknown[]) {
      recorder.note(this, parameters[0], parameters[1])
      return query.apply(this, parameters)
    },
  })
  return Recorded
}

export async function pglite(
  connect: (client: PGlite) => ContractDb,
  relational: RelationalReads,
): Promise<Connected> {
  const client = await startPglite()
  for (const sql of [...POSTGRES, ...SEQUENCES]) await client.exec(sql)
  const recorder = createRecorder()
  record(client, recorder)
  const db = connect(client)
  return {
    ...POSTGRES_PARTS,
    name: 'PGlite',
    relational,
    recorder,
    connections: 'one',
    db: () => db,
    stop: () => client.close(),
  }
}

/** Records the texts in the protocol's messages, because PGlite queues transactions and queries itself. */
function record(client: PGlite, recorder: Recorder): void {
  const execProtocolRaw = client.execProtocolRaw.bind(client)
  client.execProtocolRaw = (message, ...rest) => {
    const text = textIn(message)
    if (text) recorder.note(client, text)
    return execProtocolRaw(message, ...rest)
  }
}

/** The text in a Query message, or in a Parse message after the name of the statement. */
function textIn(message: Uint8Array): string | undefined {
  const kind = String.fromCharCode(message[0] ?? 0)
  if (kind !== 'Q' && kind !== 'P') return undefined
  const [first, second] = Buffer.from(message.subarray(5)).toString().split('\0')
  return kind === 'Q' ? first : second
}
