import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { doctor } from '@larder/doctor'
import { mariadbUrl, valkeyUrl } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createMariadb,
  createMigratedPostgres,
  createSqlite,
  createTables,
  type TestDatabase,
} from './test-database.ts'

const at = (path: string): string => new URL(`../../../${path}`, import.meta.url).pathname
const schema = at('prisma/generated/larder.ts')
const world = {
  mysql: at('test/workload/drizzle/tables-mysql.ts'),
  sqlite: at('test/workload/drizzle/tables-sqlite.ts'),
}
const casing = ['--casing', 'snake_case'] as const

let databases: { postgres: TestDatabase; mysql: TestDatabase; sqlite: TestDatabase }
let folder: string
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
beforeAll(async () => {
  databases = {
    postgres: await createMigratedPostgres(),
    mysql: await createMariadb(),
    sqlite: await createSqlite(),
  }
  await createTables(databases.mysql, 'mysql')
  await createTables(databases.sqlite, 'sqlite')
  folder = mkdtempSync(join(tmpdir(), 'larder-doctor-'))
})
afterAll(async () => {
  for (const database of Object.values(databases)) await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

async function call(args: readonly string[], env: Record<string, string> = {}) {
  const printed = { out: [] as string[], err: [] as string[] }
  const code = await doctor(['doctor', ...args], {
    env,
    out: (text) => void printed.out.push(text),
    err: (text) => void printed.err.push(text),
  })
  return { code, out: printed.out.join('\n'), err: printed.err.join('\n') }
}

describe('larder doctor', () => {
  it.each([
    ['postgres', () => ['--schema', schema]],
    ['mysql', () => ['--schema', world.mysql, ...casing]],
    ['sqlite', () => ['--schema', world.sqlite, ...casing]],
  ] as const)(
    'exits with 0 for %s and prints its findings if no finding can make a read stale',
    async (kind, args) => {
      const { code, out, err } = await call([...args(), '--database', databases[kind].url])
      expect([code, err]).toEqual([0, ''])
      expect(out).toMatch(/(?:0 dangers, \d+ warnings?, \d+ notes?|the database is what is declared)$/)
    },
  )

  it('exits with 1 and prints the fix if a finding can make a read stale', async () => {
    const { url, run } = databases.postgres
    await run('CREATE RULE r AS ON INSERT TO app_setting DO ALSO DELETE FROM app_profile')
    const { code, out } = await call(['--schema', schema], { DATABASE_URL: url })
    expect(code).toBe(1)
    expect(out).toMatch(/DANGER.*app_setting has the rewrite rule r.*→ name the tables.*\n1 danger, /s)
    const json = await call(['--schema', schema, '--database', url, '--json'])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out).findings[0]).toMatchObject({
      level: 'danger',
      code: 'rule',
      subject: 'app_setting',
    })
    expect((await call(['--schema', schema, '--database', url, '--ignore', 'rule'])).code).toBe(0)
    await run('DROP RULE r ON app_setting')
  })

  it('names columns by the casing, and mentions --casing if it was not given', async () => {
    const { code, out } = await call(['--schema', world.sqlite, '--database', databases.sqlite.url])
    expect(code).toBe(1)
    expect(out).toMatch(/teamId is part of a declared key, but the table has no such column\n.*casing/)
  })

  it('uses the declarations in policies of either ORM', async () => {
    const models = file('models.mjs', `export const models = { Nobody: { ttl: 1, touches: ['User'] } }`)
    const wrong = await call(['--schema', schema, '--models', models, '--database', databases.postgres.url])
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('Nobody')])

    const args = ['--schema', world.sqlite, ...casing, '--database', databases.sqlite.url]
    await databases.sqlite.run('CREATE TRIGGER noted AFTER UPDATE ON person BEGIN DELETE FROM note; END')
    expect((await call(args)).code).toBe(1)
    const touches = `export default { tables: { people: { ttl: 1, touches: ['notes'] } } }`
    const declared = await call([...args, '--tables', file('tables.mjs', touches)])
    expect(declared).toMatchObject({ code: 0, out: expect.stringContaining('touches are note') })
    const unknown = file('unknown.mjs', 'export const tables = { nobody: { ttl: 1 } }')
    expect(await call([...args, '--tables', unknown])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^tables\.nobody: the schema exports no table or view of that name/),
    })
    await databases.sqlite.run('DROP TRIGGER noted')
  })

  it('checks the settings of the store’s server', async () => {
    const { code, out } = await call(['--valkey', await valkeyUrl(), '--json'])
    expect(code).toBe(0)
    const codes = JSON.parse(out).findings.map((finding: { code: string }) => finding.code)
    expect(codes).toEqual(expect.arrayContaining(['valkey-noeviction', 'valkey-maxmemory']))
  })

  it('prints a table name that equals the password, and accepts the URL parameters that Prisma adds', async () => {
    const url = new URL(databases.mysql.url)
    await databases.mysql.run(
      `CREATE OR REPLACE USER person IDENTIFIED BY 'person'; GRANT ALL ON *.* TO person`,
    )
    url.username = 'person'
    url.password = 'person'
    url.search = '?connection_limit=5&pool_timeout=2'
    const printed = vi.spyOn(console, 'error')
    const { code, out } = await call(['--schema', world.mysql, ...casing, '--database', url.href])
    expect([code, out]).toEqual([0, expect.stringContaining('person.email (')])
    expect(printed).not.toHaveBeenCalled()
    await databases.mysql.run('DROP USER person')
  })

  it('compares the collation of --collation with the columns', async () => {
    const args = ['--schema', world.mysql, ...casing, '--database', databases.mysql.url, '--collation']
    const wrong = await call([...args, 'utf8mb4_bin'])
    expect([wrong.code, wrong.out]).toEqual([1, expect.stringContaining('[collation]')])
    const right = await call([...args, 'utf8mb4_general_ci'])
    expect([right.code, right.out]).toEqual([0, expect.not.stringContaining('[text-key]')])
  })

  it('--help prints the usage', async () => {
    expect(await call(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('--casing') })
  })
})

describe('exits with 2, a reason and no secret, given', () => {
  const nowhere = 'postgresql://u:secret@127.0.0.1:1/d'
  it.each<[string, () => readonly string[] | Promise<readonly string[]>, RegExp]>([
    ['nothing', () => [], /npx larder doctor/],
    ['an unknown option', () => ['--nothing'], /--nothing/],
    ['a database and no schema', () => ['--database', nowhere], /give --schema/],
    ['a schema and no database', () => ['--schema', schema], /DATABASE_URL/],
    ['a folder', () => ['--schema', folder, '--database', nowhere], /there is no file/],
    ['a missing file', () => ['--schema', 'none.ts', '--database', nowhere], /no file none\.ts in \//],
    [
      'a module that exports nothing usable',
      () => ['--schema', file('empty.mjs', 'export const a = { b: 1 }'), '--database', nowhere],
      /neither a datamodel nor tables.*larder-prisma.*Drizzle/,
    ],
    [
      'a module that fails, with the URL in its message',
      () => ['--schema', file('bad.mjs', `throw new Error('no ${nowhere}')`), '--database', nowhere],
      /bad\.mjs cannot be loaded: no postgresql:\/\/u:\*\*\*@127/,
    ],
    [
      'a module with an import that cannot be resolved',
      () => ['--schema', file('alias.mjs', `import './users'`), '--database', nowhere],
      /alias\.mjs cannot be loaded.*tsx/,
    ],
    [
      'a policies file without policies',
      () => ['--schema', schema, '--models', file('none.mjs', ''), '--database', nowhere],
      /export const models = \{ … \}, as given to prismaCache/,
    ],
    [
      'the policies option of the other ORM',
      () => ['--schema', world.sqlite, '--models', 'x', '--database', databases.sqlite.url],
      /use --tables for Drizzle/,
    ],
    [
      'a collation for PostgreSQL',
      () => ['--schema', schema, '--collation', 'utf8mb4_bin', '--database', nowhere],
      /collation is for MySQL and MariaDB/,
    ],
    [
      'a collation for SQLite',
      () => ['--schema', world.sqlite, '--collation', 'utf8mb4_bin', '--database', databases.sqlite.url],
      /--collation is for MySQL and MariaDB/,
    ],
    [
      'a collation that Larder does not support',
      () => ['--schema', world.mysql, '--collation', 'utf8mb4_roman_ci', '--database', databases.mysql.url],
      /collation is "utf8mb4_roman_ci": give one of utf8mb4_bin/,
    ],
    ['a casing with Prisma', () => ['--schema', schema, ...casing, '--database', nowhere], /--casing is for/],
    [
      'an unknown casing',
      () => ['--schema', world.sqlite, '--casing', 'UPPER', '--database', databases.sqlite.url],
      /'snake_case' or 'camelCase'/,
    ],
    [
      'an unsupported database',
      () => ['--schema', schema, '--database', 'sqlserver://u:secret@h/d'],
      /the doctor does not support sqlserver:\/\/: give postgresql:\/\/…, mysql:\/\/…/,
    ],
    ['a URL without a scheme', () => ['--schema', schema, '--database', 'secret'], /has no scheme/],
    [
      'the schema of another database',
      () => ['--schema', schema, '--database', 'mysql://u:secret@h/d'],
      /declares tables of PostgreSQL, and the database is MySQL or MariaDB/,
    ],
    ['an unreachable PostgreSQL', () => ['--schema', schema, '--database', nowhere], /ECONNREFUSED/],
    [
      'an unknown user of PostgreSQL',
      () => {
        const url = new URL(databases.postgres.url)
        url.username = 'nobody_at_all'
        url.password = 'secret'
        return ['--schema', schema, '--database', url.href]
      },
      /cannot be reached: .*nobody_at_all/,
    ],
    [
      'an unreachable MariaDB',
      () => ['--schema', world.mysql, '--database', 'mariadb://u:secret@127.0.0.1:1/d'],
      /cannot be reached: .*ECONNREFUSED/,
    ],
    [
      'a MariaDB URL without a database',
      async () => ['--schema', world.mysql, '--database', await mariadbUrl()],
      /names no database/,
    ],
    [
      'a wrong password',
      () => {
        const url = new URL(databases.mysql.url)
        url.password = 'secret'
        return ['--schema', world.mysql, '--database', url.href]
      },
      /cannot be reached: Access denied for user 'root'/,
    ],
    [
      'a missing SQLite file',
      () => ['--schema', world.sqlite, '--database', 'file:./none.db'],
      /there is no file \.\/none\.db: paths are relative to .*, \//,
    ],
    [
      'a file that is not a database',
      () => ['--schema', world.sqlite, '--database', file('text.db', 'no database'.repeat(200))],
      /cannot be reached: .*not a database/,
    ],
    [
      'an in-memory database',
      () => ['--schema', world.sqlite, '--database', 'file::memory:'],
      /in-memory database is not visible/,
    ],
    [
      'an unreachable libSQL server',
      () => ['--schema', world.sqlite, '--database', 'http://127.0.0.1:1?authToken=secret'],
      /cannot be reached/,
    ],
    ['an unreachable store', () => ['--valkey', 'valkey://u:secret@127.0.0.1:1'], /127\.0\.0\.1:1/],
  ])('%s', async (_name, args, why) => {
    const { code, out, err } = await call(await args())
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(why)
    expect(err).not.toContain('secret')
  })
})
