import { createConnection } from 'mysql2/promise'
import { expect, it } from 'vitest'
import { startMariadbServer } from '../../src/servers/database-server.ts'

it('temporary tables of a MariaDB survive the start of another one', async () => {
  const [one, connection] = await connected()
  try {
    // On disk, as the result of a large query is.
    await connection.query('CREATE TEMPORARY TABLE test.kept (id int) ENGINE=Aria')
    await connection.query('INSERT INTO test.kept VALUES (1)')
    const [other, second] = await connected()
    await second.end()
    await other.stop()
    // Opened again, and removed: both need its files.
    await connection.query('FLUSH TABLES')
    const [rows] = await connection.query('SELECT id FROM test.kept')
    expect(rows).toEqual([{ id: 1 }])
    await connection.query('DROP TEMPORARY TABLE test.kept')
  } finally {
    await connection.end()
    await one.stop()
  }
})

async function connected() {
  const server = await startMariadbServer()
  const connection = await createConnection(server.url)
  await connection.query('CREATE DATABASE IF NOT EXISTS test')
  return [server, connection] as const
}
