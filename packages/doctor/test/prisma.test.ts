import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { doctor } from '@larder/doctor'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMariadb, createSqlite } from './test-database.ts'

const run = promisify(execFile)
const cli = createRequire(import.meta.url).resolve('prisma/build/index.js')
const compiled = new URL('../../../node_modules/.cache/larder/compiled/', import.meta.url).pathname
const generator = new URL('../../prisma/bin/larder-prisma.js', import.meta.url).pathname
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'larder-doctor-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const models = (enums: string, role: string): string => `
  model User {
    id Int @id @default(autoincrement())
    email String @unique
    active Boolean @default(true)
    rank BigInt @unique
    seen DateTime @updatedAt
    role ${role}
    posts Post[]
    @@unique([active, role])
  }
  model Post {
    id String @id @default(cuid())
    title String
    userId Int? @map("user_id")
    user User? @relation(fields: [userId], references: [id])
    tags Tag[]
    @@map("blog_post")
  }
  model Tag {
    id Int @id
    name String @unique
    posts Post[]
  }
  ${enums}`

/** What the generator writes for a schema, by the real command, offline. */
async function generated(provider: string, schema: string): Promise<string> {
  const path = join(folder, `${provider}.prisma`)
  const output = join(folder, `${provider}.ts`)
  writeFileSync(
    path,
    `generator larder {
      provider = "${generator}"
      output = "${output}"
     }
     datasource db {
      provider = "${provider}"
     }
     ${schema}`,
  )
  const env = {
    ...process.env,
    ...{ CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    // Compiled once, the program of Prisma starts in two thirds of the time.
    NODE_COMPILE_CACHE: compiled,
  }
  await run(process.execPath, [cli, 'generate', '--schema', path], { cwd: folder, env, timeout: 60_000 })
  return output
}

async function findings(schema: string, url: string) {
  const out: string[] = []
  const code = await doctor(['doctor', '--schema', schema, '--database', url, '--json'], {
    env: {},
    out: (text) => void out.push(text),
    err: (text) => void out.push(text),
  })
  return [code, out.join('')] as const
}

// As prisma migrate would write it.
const MYSQL = `
  CREATE TABLE User (id INTEGER NOT NULL AUTO_INCREMENT, email VARCHAR(191) NOT NULL, active BOOLEAN NOT NULL DEFAULT true,
    rank BIGINT NOT NULL, seen DATETIME(3) NOT NULL, role ENUM('ADMIN', 'GUEST') NOT NULL,
    UNIQUE INDEX User_email_key(email), UNIQUE INDEX User_rank_key(rank), UNIQUE INDEX a(active, role), PRIMARY KEY (id)
  ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
  CREATE TABLE blog_post (id VARCHAR(191) NOT NULL, title VARCHAR(191) NOT NULL, user_id INTEGER NULL, PRIMARY KEY (id),
    FOREIGN KEY (user_id) REFERENCES User(id) ON DELETE SET NULL ON UPDATE CASCADE
  ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
  CREATE TABLE Tag (id INTEGER NOT NULL, name VARCHAR(191) NOT NULL, UNIQUE INDEX Tag_name_key(name), PRIMARY KEY (id)
  ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
  CREATE TABLE _PostToTag (A VARCHAR(191) NOT NULL, B INTEGER NOT NULL,
    UNIQUE INDEX _PostToTag_AB_unique(A, B), INDEX _PostToTag_B_index(B),
    FOREIGN KEY (A) REFERENCES blog_post(id) ON DELETE CASCADE ON UPDATE CASCADE,
    FOREIGN KEY (B) REFERENCES Tag(id) ON DELETE CASCADE ON UPDATE CASCADE
  ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`

const SQLITE = `
  CREATE TABLE "User" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "email" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true, "rank" BIGINT NOT NULL, "seen" DATETIME NOT NULL, "role" TEXT NOT NULL);
  CREATE TABLE "blog_post" ("id" TEXT NOT NULL PRIMARY KEY, "title" TEXT NOT NULL, "user_id" INTEGER,
    CONSTRAINT "p" FOREIGN KEY ("user_id") REFERENCES "User" ("id") ON DELETE SET NULL ON UPDATE CASCADE);
  CREATE TABLE "Tag" ("id" INTEGER NOT NULL PRIMARY KEY, "name" TEXT NOT NULL);
  CREATE TABLE "_PostToTag" ("A" TEXT NOT NULL, "B" INTEGER NOT NULL,
    CONSTRAINT "a" FOREIGN KEY ("A") REFERENCES "blog_post" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "b" FOREIGN KEY ("B") REFERENCES "Tag" ("id") ON DELETE CASCADE ON UPDATE CASCADE);
  CREATE UNIQUE INDEX "User_email_key" ON "User"("email"); CREATE UNIQUE INDEX "User_rank_key" ON "User"("rank");
  CREATE UNIQUE INDEX "u" ON "User"("active", "role"); CREATE UNIQUE INDEX "Tag_name_key" ON "Tag"("name");
  CREATE UNIQUE INDEX "_PostToTag_AB_unique" ON "_PostToTag"("A", "B")`

it.each([
  ['mysql', createMariadb, MYSQL, models('enum Role {\n ADMIN\n GUEST\n }', 'Role')],
  ['sqlite', createSqlite, SQLITE, models('', 'String')],
] as const)(
  'the doctor reports no danger in a %s database that Prisma migrated, and one after a later change',
  async (provider, make, ddl, text) => {
    const database = await make()
    const schema = await generated(provider, text)
    await database.run(ddl)
    const [code, said] = await findings(schema, database.url)
    expect(code, said).toBe(0)
    await database.run(`DROP INDEX ${provider === 'mysql' ? 'Tag_name_key ON Tag' : 'Tag_name_key'}`)
    const [after, output] = await findings(schema, database.url)
    expect(after).toBe(1)
    const all = JSON.parse(output).findings as readonly { level: string; code: string; subject: string }[]
    expect(all.filter(({ level }) => level === 'danger')).toMatchObject([
      { code: 'key-not-unique', subject: 'tag' },
    ])
    await database.drop()
  },
)
