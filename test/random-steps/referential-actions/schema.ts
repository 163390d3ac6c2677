// A schema for what the repository's own has not: keys and foreign keys that share columns, defaults that rows fall back
// to when what they reference goes, references of a table to itself, keys that are UUIDs, and several database schemas.

/** Who carries the referential actions out. */
export type Carried = 'database' | 'client' | 'client on MariaDB'

/** What Prisma accepts for a table that references itself where the client carries actions out. */
const SELF = {
  'client on MariaDB': 'onDelete: NoAction, onUpdate: NoAction',
  client: 'onDelete: Restrict, onUpdate: Restrict',
}

/** The Prisma schema. A client knows no SetDefault: there the row goes, or the reference becomes null. */
export function prismaSchema(carried: Carried): string {
  const database = carried === 'database'
  const postgres = carried !== 'client on MariaDB'
  const [orNull, orGone, self] = database
    ? ['SetDefault', 'SetDefault', 'onDelete: SetDefault']
    : ['SetNull', 'Cascade', SELF[carried as keyof typeof SELF]]
  const named = (name: string): string => (postgres ? `@@schema("${name}")` : '')
  const home = named('public')
  return `
datasource db {
  provider = "${postgres ? 'postgresql' : 'mysql'}"
  ${postgres ? 'schemas = ["public", "side"]' : ''}
  ${database ? '' : 'relationMode = "prisma"'}
}
enum Grade {
  LOW  @map("low grade")
  HIGH @map("high")
  ${postgres ? '@@map("grade_kind")' : ''}
  ${home}
}
model Tenant {
  id      Int      @id
  name    String   @unique @db.VarChar(40)
  teams   Team[]
  members Member[]
  ${home}
}
model Team {
  tenantId Int      @map("tenant_id")
  no       Int
  grade    Grade    @default(LOW)
  tenant   Tenant   @relation(fields: [tenantId], references: [id], onDelete: Cascade)
  members  Member[]
  desks    Desk[]
  @@id([tenantId, no])
  @@map("tenant_team")
  ${home}
}
model Member {
  tenantId Int      @map("tenant_id")
  no       Int
  name     String   @db.VarChar(40)
  teamNo   Int?     @map("team_no")
  mentorNo Int?     @map("mentor_no")
  tenant   Tenant   @relation(fields: [tenantId], references: [id], onDelete: Cascade)
  team     Team?    @relation(fields: [tenantId, teamNo], references: [tenantId, no], onDelete: Cascade)
  mentor   Member?  @relation("mentor", fields: [tenantId, mentorNo], references: [tenantId, no], ${database ? 'onDelete: NoAction, onUpdate: NoAction' : self})
  pupils   Member[] @relation("mentor")
  desks    Desk[]
  @@id([tenantId, no])
  @@map("tenant_member")
  ${home}
}
model Desk {
  id       Int     @id
  room     String  @db.VarChar(40)
  tenantId Int     @default(1) @map("tenant_id")
  teamNo   Int?    @default(1) @map("team_no")
  ownerNo  Int?    @unique @map("owner_no")
  team     Team?   @relation(fields: [tenantId, teamNo], references: [tenantId, no], onDelete: ${orGone})
  owner    Member? @relation(fields: [tenantId, ownerNo], references: [tenantId, no], onDelete: Cascade)
  ${home}
}
model Folder {
  id       Int      @id
  grade    Grade    @default(LOW)
  parentId Int?     @default(1) @map("parent_id")
  parent   Folder?  @relation("tree", fields: [parentId], references: [id], ${self})
  children Folder[] @relation("tree")
  papers   Paper[]
  ${home}
}
model Link {
  id     Int   @id
  text   String @db.VarChar(40)
  prevId Int?  @unique @default(1) @map("prev_id")
  prev   Link? @relation("chain", fields: [prevId], references: [id], ${self})
  next   Link? @relation("chain")
  ${home}
}
model Paper {
  id       String  @id @default(uuid()) ${postgres ? '@db.Uuid' : '@db.VarChar(36)'}
  title    String  @db.VarChar(40)
  folderId Int?    @default(1) @map("folder_id")
  folder   Folder? @relation(fields: [folderId], references: [id], onDelete: ${orNull})
  labels   Label[]
  ${named('side')}
}
model Label {
  id      String  @id @default(uuid()) @db.VarChar(36)
  name    String  @unique @db.VarChar(40)
  papers  Paper[]
  related Label[] @relation("related")
  to      Label[] @relation("related")
  ${named('side')}
}
`
}

/** The tables, as `prisma migrate` would make them; MariaDB reads these with its mode ANSI_QUOTES. */
export function tables(carried: Carried): readonly string[] {
  const postgres = carried !== 'client on MariaDB'
  const side = postgres ? 'side.' : ''
  const [grade, uuid] = postgres
    ? ['grade_kind', 'uuid']
    : [`enum('low grade', 'high') CHARACTER SET utf8mb4`, 'varchar(36)']
  const statements = [
    ...(postgres ? [`CREATE TYPE grade_kind AS ENUM ('low grade', 'high')`, 'CREATE SCHEMA side'] : []),
    `CREATE TABLE "Tenant" (id int PRIMARY KEY, name varchar(40) NOT NULL UNIQUE)`,
    `CREATE TABLE tenant_team (tenant_id int NOT NULL, no int NOT NULL, grade ${grade} NOT NULL DEFAULT 'low grade', PRIMARY KEY (tenant_id, no))`,
    `CREATE TABLE tenant_member (tenant_id int NOT NULL, no int NOT NULL, name varchar(40) NOT NULL, team_no int, mentor_no int, PRIMARY KEY (tenant_id, no))`,
    `CREATE TABLE "Desk" (id int PRIMARY KEY, room varchar(40) NOT NULL, tenant_id int NOT NULL DEFAULT 1, team_no int DEFAULT 1, owner_no int UNIQUE)`,
    `CREATE TABLE "Folder" (id int PRIMARY KEY, grade ${grade} NOT NULL DEFAULT 'low grade', parent_id int DEFAULT 1)`,
    `CREATE TABLE "Link" (id int PRIMARY KEY, text varchar(40) NOT NULL, prev_id int UNIQUE DEFAULT 1)`,
    `CREATE TABLE ${side}"Paper" (id ${uuid} PRIMARY KEY, title varchar(40) NOT NULL, folder_id int DEFAULT 1)`,
    `CREATE TABLE ${side}"Label" (id varchar(36) PRIMARY KEY, name varchar(40) NOT NULL UNIQUE)`,
    `CREATE TABLE ${side}"_LabelToPaper" ("A" varchar(36) NOT NULL, "B" ${uuid} NOT NULL, PRIMARY KEY ("A", "B"))`,
    `CREATE TABLE ${side}"_related" ("A" varchar(36) NOT NULL, "B" varchar(36) NOT NULL, PRIMARY KEY ("A", "B"))`,
  ]
  return carried === 'database' ? [...statements, ...FOREIGN_KEYS] : statements
}

const key = (table: string, columns: string, target: string, actions: string): string =>
  `ALTER TABLE ${table} ADD FOREIGN KEY (${columns}) REFERENCES ${target} ${actions}`
const GONE = 'ON DELETE CASCADE ON UPDATE CASCADE'
const DEFAULT = 'ON DELETE SET DEFAULT ON UPDATE CASCADE'
const FOREIGN_KEYS: readonly string[] = [
  key('tenant_team', 'tenant_id', '"Tenant"', GONE),
  key('tenant_member', 'tenant_id', '"Tenant"', GONE),
  key('tenant_member', 'tenant_id, team_no', 'tenant_team', GONE),
  key('tenant_member', 'tenant_id, mentor_no', 'tenant_member', 'ON DELETE NO ACTION ON UPDATE NO ACTION'),
  key('"Desk"', 'tenant_id, team_no', 'tenant_team', DEFAULT),
  key('"Desk"', 'tenant_id, owner_no', 'tenant_member', GONE),
  key('"Folder"', 'parent_id', '"Folder"', DEFAULT),
  key('"Link"', 'prev_id', '"Link"', DEFAULT),
  key('side."Paper"', 'folder_id', '"Folder"', DEFAULT),
  key('side."_LabelToPaper"', '"A"', 'side."Label"', GONE),
  key('side."_LabelToPaper"', '"B"', 'side."Paper"', GONE),
  key('side."_related"', '"A"', 'side."Label"', GONE),
  key('side."_related"', '"B"', 'side."Label"', GONE),
]

/** Keys that tests name. */
export const uuid = (number: number): string => `0000000a-0000-4000-8000-00000000000${number}`

/** Rows to begin with, in any of the databases. */
export function rows(carried: Carried): readonly string[] {
  const side = carried === 'client on MariaDB' ? '' : 'side.'
  const list = (make: (number: number) => string): string => [1, 2, 3].map(make).join(', ')
  return [
    `INSERT INTO "Tenant" VALUES ${list((n) => `(${n}, 't${n}')`)}`,
    `INSERT INTO tenant_team VALUES ${list((n) => `(1, ${n}, 'low grade'), (2, ${n}, 'high')`)}, (3, 1, 'high')`,
    `INSERT INTO tenant_member VALUES ${list((n) => `(1, ${n}, 'm${n}', ${n}, NULL), (2, ${n}, 'm${n}', NULL, NULL)`)}`,
    `UPDATE tenant_member SET mentor_no = 1 WHERE no = 2`,
    `INSERT INTO "Desk" VALUES ${list((n) => `(${n}, 'r${n}', 1, ${n}, ${n})`)}, (4, 'r4', 2, 2, NULL)`,
    `INSERT INTO "Folder" VALUES (1, 'high', NULL), (2, 'low grade', 1), (3, 'high', 2), (4, 'low grade', 2)`,
    `INSERT INTO "Link" VALUES (1, 'l1', NULL), (2, 'l2', 1), (3, 'l3', 2), (4, 'l4', 3)`,
    `INSERT INTO ${side}"Paper" VALUES ${list((n) => `('${uuid(n)}', 'p${n}', ${n})`)}`,
    `INSERT INTO ${side}"Label" VALUES ${list((n) => `('${uuid(n)}', 'b${n}')`)}`,
    `INSERT INTO ${side}"_LabelToPaper" VALUES ${list((n) => `('${uuid(n)}', '${uuid(1)}')`)}`,
    `INSERT INTO ${side}"_related" VALUES ('${uuid(1)}', '${uuid(2)}'), ('${uuid(2)}', '${uuid(3)}')`,
  ]
}
