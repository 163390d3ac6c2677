import postgres from 'postgres'
import type { ContractDb, RelationalReads } from '../contract/driver.ts'
import type { Connected } from './connected.ts'
import { contractDatabase, POSTGRES_PARTS } from './postgres.ts'
import { createRecorder } from './recorder.ts'

export async function postgresJs(
  size: number,
  connect: (client: postgres.Sql) => ContractDb,
  relational: RelationalReads,
): Promise<Connected> {
  const database = await contractDatabase()
  const recorder = createRecorder()
  const connections = new Map<number, object>()
  const client = postgres(database.url, {
    max: size,
    // Skips the statements that the driver itself sends on a new connection.
    fetch_types: false,
    onnotice: () => {},
    debug(id, text, parameters) {
      const connection = connections.get(id) ?? {}
      connections.set(id, connection)
      recorder.note(connection, text, parameters)
    },
  })
  const db = connect(client)
  return {
    ...POSTGRES_PARTS,
    name: `postgres-js, max: ${size}`,
    relational,
    recorder,
    connections: size === 1 ? 'one' : 'several',
    takesBegin: false,
    db: () => db,
    async stop() {
      await client.end({ timeout: 1 })
      await database.drop()
    },
  }
}
