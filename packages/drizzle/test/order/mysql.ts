import { randomBytes } from 'node:crypto'
import { mariadbUrl } from '@larder/testing'
import mysql from 'mysql2/promise'
import { MYSQL } from '../contract/ddl.ts'
import type { ContractDb, RelationalReads } from '../contract/driver.ts'
import { schemaMysql } from '../contract/schema-mysql.ts'
import type { Connected } from './connected.ts'
import { createRecorder, type Recorder } from './recorder.ts'

/** @param size size of the pool. Undefined: a single connection. */
export async function mysql2(
  size: number | undefined,
  connect: (client: mysql.Pool) => ContractDb,
  relational: RelationalReads,
): Promise<Connected> {
  const url = new URL(await mariadbUrl())
  const name = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const admin = await mysql.createConnection(url.href)
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.query(`USE ${name}`)
  for (const sql of MYSQL) await admin.query(sql)
  url.pathname = name
  const recorder = createRecorder()
  const options = { uri: url.href, supportBigNumbers: true }
  const client =
    size === undefined
      ? await mysql.createConnection(options)
      : mysql.createPool({ ...options, connectionLimit: size })
  if ('pool' in client) client.pool.on('connection', (connection) => record(connection, recorder))
  else record((client as unknown as { connection: object }).connection, recorder)
  const db = connect(client as mysql.Pool)
  return {
    name: `mysql2, ${size === undefined ? 'a connection' : `a pool of ${size}`}`,
    dialect: 'mysql',
    schema: schemaMysql,
    relational,
    recorder,
    connections: size === undefined ? 'shared' : size === 1 ? 'one' : 'several',
    takesBegin: size === undefined,
    locksOthersOut: false,
    db: () => db,
    async stop() {
      await client.end()
      await admin.query(`DROP DATABASE ${name}`)
      await admin.end()
    },
  }
}

function record(connection: object, recorder: Recorder): void {
  for (const name of ['query', 'execute'] as const) {
    const method = (connection as Record<string, unknown>)[name] as (...parameters: unknown[]) => unknown
    Object.assign(connection, {
      [name](...parameters: unknown[]) {
        recorder.note(connection, parameters[0], Array.isArray(parameters[1]) ? parameters[1] : undefined)
        return method.apply(connection, parameters)
      },
    })
  }
}
