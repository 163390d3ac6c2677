import { tablesOf } from '@larder/drizzle'
import { type Service, startMariadb, until } from '@larder/testing'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as world from '../../../test/workload/drizzle/tables-mysql.ts'
import { compareServer } from '../src/compare/server.ts'
import { createMariadb, createTables, findingsOf, summaries, type TestDatabase } from './test-database.ts'

// A separate server, because global settings would affect other tests.
const schema = tablesOf(world, undefined, { casing: 'snake_case' })
let server: Service
let database: TestDatabase
beforeAll(async () => {
  server = await startMariadb()
  database = await createMariadb(server.url)
  await createTables(database, 'mysql')
})
afterAll(() => server.stop())

const set = async (sql: string): Promise<void> => {
  const connection = await mysql.createConnection({ uri: database.url, multipleStatements: true })
  await connection.query(sql).finally(() => connection.end())
}

const summariesNow = async (): Promise<readonly string[]> => summaries(await findingsOf(database.url, schema))

describe('the doctor reports for settings of MariaDB', () => {
  it.each([
    [
      'that reads see uncommitted rows',
      "SET GLOBAL tx_isolation = 'READ-UNCOMMITTED'",
      'danger isolation transaction_isolation',
      "SET GLOBAL tx_isolation = 'REPEATABLE-READ'",
    ],
    [
      'that autocommit is off',
      'SET GLOBAL autocommit = OFF',
      'danger autocommit autocommit',
      'SET autocommit = 1; SET GLOBAL autocommit = ON',
    ],
    [
      'that it accepts no writes, like a replica',
      'SET GLOBAL read_only = ON',
      'danger standby server',
      'SET GLOBAL read_only = OFF',
    ],
    [
      'that values are truncated and clamped to fit their column',
      "SET GLOBAL sql_mode = 'NO_ENGINE_SUBSTITUTION'",
      'danger sql-mode sql_mode',
      "SET GLOBAL sql_mode = 'TRADITIONAL'",
    ],
    [
      'that foreign keys are not checked',
      'SET GLOBAL foreign_key_checks = OFF',
      'note foreign-keys-off foreign_key_checks',
      'SET GLOBAL foreign_key_checks = ON',
    ],
    [
      'that a crash may lose commits',
      'SET GLOBAL innodb_flush_log_at_trx_commit = 2',
      'warning durability innodb_flush_log_at_trx_commit',
      'SET GLOBAL innodb_flush_log_at_trx_commit = 1',
    ],
    [
      'that statements may outlive their marks',
      'SET GLOBAL max_statement_time = 31',
      'warning statement-timeout max_statement_time',
      'SET GLOBAL max_statement_time = 25',
    ],
    [
      'events that the server runs',
      'CREATE EVENT cleaning ON SCHEDULE EVERY 1 DAY STARTS now() + INTERVAL 1 DAY DO DELETE FROM note; SET GLOBAL event_scheduler = ON',
      'danger event cleaning',
      'ALTER EVENT cleaning DISABLE',
    ],
  ])('%s, and nothing once it is fixed', async (_name, sql, line, undo) => {
    await set(sql)
    expect(await summariesNow()).toContain(line)
    await set(undo)
    expect(await summariesNow()).not.toContain(line)
  })

  it('that it replicates another server, even if it accepts writes', async () => {
    await set(`CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'nobody'`)
    expect(await summariesNow()).not.toContain('danger standby server')
    await set('START SLAVE')
    await until(async () => (await summariesNow()).includes('danger standby server'))
    await set('STOP SLAVE')
    await until(async () => !(await summariesNow()).includes('danger standby server'))
  })
})

// Servers that are not available here: MySQL 8, Galera, Group Replication.
describe('the doctor reports for settings of other servers', () => {
  const of = (settings: Readonly<Record<string, string>>): readonly string[] =>
    compareServer({
      dialect: 'mysql',
      relations: [],
      settings,
      standby: false,
      jobs: [],
      unseen: [],
    }).map(({ level, code, message }) => `${level} ${code} ${message}`)

  it.each(['STRICT_TRANS_TABLES', 'NO_ZERO_DATE,STRICT_ALL_TABLES'])('nothing for sql_mode %s', (mode) => {
    expect(of({ sql_mode: mode })).toEqual([])
  })

  it('that MySQL limits only lock waits, not writes', () => {
    expect(of({ innodb_lock_wait_timeout: '50', lock_wait_timeout: '31536000' })).toEqual([
      expect.stringMatching(
        /^warning statement-timeout is 50 s, lock_wait_timeout is 31536000 s, and MySQL only limits the time of SELECTs/,
      ),
    ])
    expect(of({ innodb_lock_wait_timeout: '25', lock_wait_timeout: '25' })).toEqual([])
  })

  it('that a cluster node may lag behind another', () => {
    expect(of({ wsrep_on: 'ON', wsrep_sync_wait: '0' })).toEqual([
      expect.stringMatching(/^warning cluster-reads is 0/),
    ])
    expect(of({ wsrep_on: 'ON', wsrep_sync_wait: '7' })).toEqual([])
    const group = { group_replication_group_name: 'a' }
    expect(of({ ...group, group_replication_consistency: 'EVENTUAL' })).toEqual([
      expect.stringMatching(/^warning cluster-reads is EVENTUAL/),
    ])
    expect(of({ ...group, group_replication_consistency: 'BEFORE' })).toEqual([])
  })
})
