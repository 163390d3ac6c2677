// Compiles an application of the packed packages under each module setting that an application may have, with TypeScript 5.9
// and 7, and with `skipLibCheck: false`: our declarations must hold by themselves.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../packing.mjs'

const APPLICATION = `
import { type Cache, CacheError, createCache, memoryStore } from '@larder/core'
import { createStatementOrder } from '@larder/core/host'
import type { Store } from '@larder/core/store'
import { defineSchema } from './drizzle-schema.ts'
import { type DoctorReport } from './doctor.ts'
import { type CachedClient, type CachedTransaction, prismaCache } from '@larder/prisma'
import { withAccelerate } from '@larder/prisma/accelerate'
import { createLock } from '@larder/structures'
import { drizzleFlush } from '@larder/structures/drizzle'
import { prismaFlush } from '@larder/structures/prisma'
import { valkeyStore } from '@larder/valkey'
import type { PrismaClient } from './client/client.ts'
import { datamodel } from './larder.ts'

declare const base: PrismaClient
const store: Store = memoryStore()
const cache: Cache = createCache({ store, namespace: 'types' })
const prisma = base.$extends(prismaCache({ cache, datamodel, models: { User: { ttl: '1m' } } }))
type Db = CachedClient<PrismaClient, typeof datamodel>
type Tx = CachedTransaction<typeof prisma>
const helper = (db: Db): Promise<{ email: string } | null> => db.user.findFirst({ select: { email: true } })
const rename = (tx: Tx): Promise<{ name: string | null }> => tx.user.update({ where: { id: 1 }, data: { name: 'x' } })
void helper(prisma)
void prisma.$transaction(async (tx) => rename(tx))
// @ts-expect-error a misspelt option: the types of Larder were found
createCache({ namespaces: 'types' })
// @ts-expect-error a model that is not there: the types of the generated file were found
prismaCache({ cache, datamodel, models: { Nobody: { ttl: '1m' } } })
// @ts-expect-error an unknown field: the types of the client have survived
void prisma.user.findMany({ where: { nobody: 1 } })
// @ts-expect-error seconds, and no text
void base.$extends(withAccelerate({ cache, datamodel })).user.count({ cacheStrategy: { ttl: 'x' } })
// @ts-expect-error no URL, and no client
valkeyStore(5)
// @ts-expect-error no client
createLock(5)
export { CacheError, createStatementOrder, defineSchema, type DoctorReport, drizzleFlush, prismaFlush }
`
const FILES = {
  'application.ts': APPLICATION,
  'drizzle-schema.ts': `
import { drizzleCache } from '@larder/drizzle'
import type { Cache } from '@larder/core'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'

const item = pgTable('item', { id: integer().primaryKey() })
export const defineSchema = (db: PgDatabase<PgQueryResultHKT, { item: typeof item }>, cache: Cache) => {
  const cached = drizzleCache(db, { cache, schema: { item }, tables: { item: { ttl: '1m' } } })
  // @ts-expect-error a table that is not there
  drizzleCache(db, { cache, schema: { item }, tables: { nothing: { ttl: '1m' } } })
  const rows: Promise<{ id: number }[]> = cached.select().from(item).execute()
  return rows
}
`,
  'doctor.ts': `import type * as doctor from '@larder/doctor'\nexport type DoctorReport = typeof doctor\n`,
}

/**
 * `refused`: what the compiler says to an import of Larder, where it cannot be supported. The generated file must compile
 * there all the same.
 */
const SETTINGS = [
  { compilers: ['5.9'], package: 'commonjs', options: { module: 'commonjs', moduleResolution: 'node10' } },
  { compilers: ['7'], package: 'module', options: { module: 'node16' } },
  { compilers: ['5.9', '7'], package: 'commonjs', options: { module: 'node16' }, refused: 'TS1479' },
  { compilers: ['7'], package: 'commonjs', options: { module: 'node20' } },
  { compilers: ['7'], package: 'module', options: { module: 'nodenext' } },
  { compilers: ['5.9'], package: 'commonjs', options: { module: 'nodenext' } },
  {
    compilers: ['5.9', '7'],
    package: 'module',
    options: { module: 'esnext', moduleResolution: 'bundler' },
  },
]

const COMMON = {
  target: 'es2023',
  lib: ['es2024', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  esModuleInterop: true,
  allowImportingTsExtensions: true,
}

/** Messages about other packages' declarations are theirs. */
const isOurs = (line) =>
  /\berror TS/.test(line) && (!line.includes('node_modules') || line.includes('node_modules/@larder/'))

/** @param project a folder in which the packages, and both compilers, are installed. */
export function checkTypes(project) {
  const compilers = {
    5.9: join(project, 'node_modules/typescript-5/bin/tsc'),
    7: join(root, 'node_modules/typescript/bin/tsc'),
  }
  for (const { compilers: names, package: type, options, refused } of SETTINGS) {
    const folder = join(project, 'types')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type }))
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...COMMON, ...options }, files: ['application.ts'] }),
    )
    for (const [file, text] of Object.entries(FILES)) writeFileSync(join(folder, file), text)
    for (const generated of ['client', 'larder.ts'])
      cpSync(join(root, 'prisma/generated', generated), join(folder, generated), { recursive: true })
    for (const name of names) {
      const label = `TypeScript ${name}, ${Object.values(options).join(', ')}, "type": "${type}"`
      const { stdout } = spawnSync(process.execPath, [compilers[name], '-p', folder, '--pretty', 'false'], {
        cwd: folder,
        encoding: 'utf8',
      })
      report(label, stdout.split('\n').filter(isOurs), refused)
    }
  }
}

function report(label, messages, refused) {
  if (!refused) {
    if (messages.length > 0) throw new Error(`${label}:\n${messages.join('\n')}`)
    console.log(`${label}: the types are found and hold`)
    return
  }
  const generated = messages.filter((line) => line.startsWith('larder.ts'))
  if (generated.length > 0)
    throw new Error(`${label}: the generated file does not compile:\n${generated.join('\n')}`)
  const imports = messages.filter((line) => line.includes(refused))
  if (imports.length === 0)
    throw new Error(`${label}: imports are no longer refused by ${refused}. Say so in docs/modules.md`)
  console.log(`${label}: not supported, the compiler refuses imports of ES modules (${refused})`)
}
