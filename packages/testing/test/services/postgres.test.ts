import { existsSync } from 'node:fs'
import { Client } from 'pg'
import { expect, it } from 'vitest'
import { createDatabase } from '../../src/services/database.ts'
import { startPostgres } from '../../src/services/postgres.ts'
import { thisMachine } from '../../src/services/surroundings.ts'

const ask = async (url: string, sql: string): Promise<unknown> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}

const noDocker = { DOCKER_HOST: 'unix:///nowhere.sock' }
const local = { ...thisMachine(), env: { PATH: process.env.PATH, ...noDocker } }

it('a URL in the environment takes precedence, and no server is started', async () => {
  const env = { TEST_DATABASE_URL: 'postgresql://somebody@db.example/postgres' }
  const service = await startPostgres({ env, folders: [], mayInstall: false })
  expect(service).toMatchObject({ url: env.TEST_DATABASE_URL, from: 'environment' })
  await service.stop()
})

it('a local PostgreSQL gives each test a separate database and is removed by stop', async () => {
  const service = await startPostgres(local)
  expect(service.from).toBe('local')
  const folder = String((await ask(service.url, 'SHOW data_directory')) as string)
  const [first, second] = await Promise.all([createDatabase(service.url), createDatabase(service.url)])
  await ask(first.url, 'CREATE TABLE only_here (id int)')
  expect(await ask(first.url, "SELECT to_regclass('only_here') IS NOT NULL")).toEqual([[true]])
  expect(await ask(second.url, "SELECT to_regclass('only_here') IS NOT NULL")).toEqual([[false]])
  expect(await ask(first.url, 'SHOW listen_addresses')).toEqual([['127.0.0.1']])

  const openClient = new Client({ connectionString: first.url })
  openClient.on('error', () => {})
  await openClient.connect()
  await first.drop()
  await expect(ask(first.url, 'SELECT 1')).rejects.toThrow(/does not exist/)

  await service.stop()
  await expect(ask(service.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/)
  expect(existsSync(folder)).toBe(false)
})

it('without any way to start a server the error gives each reason and names the fix', async () => {
  const nothing = { env: { PATH: '', ...noDocker }, folders: [], mayInstall: false }
  await expect(startPostgres(nothing)).rejects.toThrow(
    /TEST_DATABASE_URL is not set.*no daemon answered.*no program `postgres`.*apt install postgresql/s,
  )
})
