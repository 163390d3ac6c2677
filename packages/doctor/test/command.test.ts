import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { doctor } from '@larder/doctor'
import { createDatabase, migrate, postgresUrl, valkeyUrl } from '@larder/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const schema = new URL('../../../prisma/generated/larder.ts', import.meta.url).pathname
let url: string
let drop: () => Promise<void>
let folder: string
beforeAll(async () => {
  ;({ url, drop } = await createDatabase(await postgresUrl()))
  await run((sql) => sql)
  folder = mkdtempSync(join(tmpdir(), 'larder-doctor-'))
})
afterAll(async () => {
  await drop()
  rmSync(folder, { recursive: true, force: true })
})

async function run(extra: (none: string) => string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  if (extra('')) await client.query(extra(''))
  else await migrate((sql) => client.query(sql))
  await client.end()
}

async function call(args: readonly string[], env: Record<string, string> = {}) {
  const said = { out: [] as string[], err: [] as string[] }
  const code = await doctor(args, {
    env,
    out: (text) => void said.out.push(text),
    err: (text) => void said.err.push(text),
  })
  return { code, out: said.out.join('\n'), err: said.err.join('\n') }
}

describe('larder doctor', () => {
  it('ends with 0 and says what it saw where nothing costs freshness', async () => {
    const { code, out, err } = await call(['doctor', '--schema', schema, '--database', url])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/0 dangers, \d+ warnings, \d+ notes$/)
  })

  it('ends with 1 where something does, and says what to do', async () => {
    await run(() => 'CREATE RULE r AS ON INSERT TO app_setting DO ALSO DELETE FROM app_profile')
    const { code, out } = await call(['doctor', '--schema', schema], { DATABASE_URL: url })
    expect(code).toBe(1)
    expect(out).toMatch(/DANGER.*app_setting has the rewrite rule r.*→ name the tables/s)
    const json = await call(['doctor', '--schema', schema, '--database', url, '--json'])
    expect(JSON.parse(json.out).findings[0]).toMatchObject({
      level: 'danger',
      code: 'rule',
      subject: 'app_setting',
    })
    expect((await call(['doctor', '--schema', schema, '--database', url, '--ignore', 'rule'])).code).toBe(0)
    await run(() => 'DROP RULE r ON app_setting')
  })

  it('reads what policies declare of tables', async () => {
    const models = join(folder, 'models.mjs')
    writeFileSync(models, `export const models = { Nobody: { ttl: 1, touches: ['User'] } }`)
    const { code, err } = await call(['doctor', '--schema', schema, '--models', models, '--database', url])
    expect([code, err]).toEqual([2, expect.stringContaining('Nobody')])
  })

  it('asks the store’s server for its settings', async () => {
    const { code, out } = await call(['doctor', '--valkey', await valkeyUrl(), '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out).findings.map((one: { code: string }) => one.code)).toEqual(['valkey-noeviction'])
  })

  it.each([
    ['no command', [], /npx larder doctor/],
    ['an option there is not', ['doctor', '--nothing'], /--nothing/],
    ['a database and no schema', ['doctor', '--database', 'postgresql://x'], /--schema/],
    ['a schema and no database', ['doctor', '--schema', schema], /DATABASE_URL/],
    ['a file there is not', ['doctor', '--schema', 'none.ts', '--database', 'postgresql://x'], /none\.ts/],
    [
      'a module without a datamodel',
      ['doctor', '--schema', 'vitest.config.ts', '--database', 'postgresql://x'],
      /no datamodel/,
    ],
    ['another database', ['doctor', '--schema', schema, '--database', 'mysql://u:secret@h/d'], /PostgreSQL/],
    [
      'a database that is not there',
      ['doctor', '--schema', schema, '--database', 'postgresql://u:secret@127.0.0.1:1/d'],
      /cannot be reached/,
    ],
    ['a store that is not there', ['doctor', '--valkey', 'valkey://u:secret@127.0.0.1:1'], /127\.0\.0\.1:1/],
  ])('given %s ends with 2, says why, and no secret', async (_name, args, why) => {
    const { code, out, err } = await call(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(why)
    expect(err).not.toContain('secret')
  })
})
