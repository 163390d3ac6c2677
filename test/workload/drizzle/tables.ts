import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import * as mysql from './tables-mysql.ts'
import * as postgres from './tables-postgres.ts'
import * as sqlite from './tables-sqlite.ts'

/** The world's tables; those of other dialects are given as if they were PostgreSQL's. */
export type Tables = typeof postgres
export type Db = NodePgDatabase<Tables>
export type Dialect = 'postgres' | 'mysql' | 'sqlite'

export const TABLES: Readonly<Record<Dialect, Tables>> = {
  postgres,
  mysql: mysql as unknown as Tables,
  sqlite: sqlite as unknown as Tables,
}

/** Policies: every table and view is cached. */
export function policiesOf(write: 'invalidate' | 'through') {
  const policy = { ttl: '1h', write } as const
  return { '*': policy, notes: { ...policy, lookupKeys: [['personId']] } } as const
}

interface Types {
  readonly id: string
  readonly text: string
  readonly loose: string
}
const TYPES: Readonly<Record<Dialect, Types>> = {
  postgres: { id: 'serial PRIMARY KEY', text: 'text', loose: 'citext' },
  mysql: { id: 'int AUTO_INCREMENT PRIMARY KEY', text: 'varchar(60)', loose: 'varchar(60)' },
  sqlite: { id: 'integer PRIMARY KEY', text: 'text', loose: 'text COLLATE NOCASE' },
}

/** The world's DDL, statement by statement. */
export function ddlOf(dialect: Dialect): readonly string[] {
  const { id, text, loose } = TYPES[dialect]
  const moving = 'ON DELETE CASCADE ON UPDATE CASCADE'
  // MariaDB refuses a cascade from a table to itself.
  const boss = dialect === 'mysql' ? 'ON DELETE SET NULL' : 'ON DELETE SET NULL ON UPDATE CASCADE'
  return [
    ...(dialect === 'postgres' ? ['CREATE EXTENSION citext'] : []),
    `CREATE TABLE team (id ${id}, code ${text} NOT NULL UNIQUE)`,
    `CREATE TABLE person (id ${id}, email ${text} NOT NULL UNIQUE, nick_name ${loose} UNIQUE, boss_id integer,
       team_id integer, points integer NOT NULL DEFAULT 0,
       FOREIGN KEY (boss_id) REFERENCES person (id) ${boss},
       FOREIGN KEY (team_id) REFERENCES team (id) ON DELETE SET NULL ON UPDATE CASCADE)`,
    `CREATE TABLE blog_post (id ${id}, slug ${text} NOT NULL, author_id integer NOT NULL,
       view_count integer NOT NULL DEFAULT 0, UNIQUE (author_id, slug),
       FOREIGN KEY (author_id) REFERENCES person (id) ${moving})`,
    `CREATE TABLE label (id ${id}, name ${text} NOT NULL)`,
    `CREATE TABLE post_label (post_id integer NOT NULL, label_id integer NOT NULL, PRIMARY KEY (post_id, label_id),
       FOREIGN KEY (post_id) REFERENCES blog_post (id) ${moving},
       FOREIGN KEY (label_id) REFERENCES label (id) ${moving})`,
    `CREATE TABLE note (person_id integer, body ${text} NOT NULL)`,
    `CREATE VIEW author AS SELECT author_id, email, count(blog_post.id) AS posts FROM blog_post
       JOIN person ON person.id = author_id GROUP BY author_id, email`,
  ]
}

/** Rows to begin with. Generated ids begin right after them. */
export async function populate(db: Db, t: Tables): Promise<void> {
  for (const table of [t.notes, t.postLabels, t.labels, t.posts, t.people, t.teams]) await db.delete(table)
  const ids = [1, 2, 3, 4, 5, 6]
  await db.insert(t.teams).values([1, 2, 3].map((id) => ({ id, code: `t${id}` })))
  await db
    .insert(t.people)
    .values(ids.map((id) => ({ id, email: `p${id}@x`, nickName: `n${id}`, teamId: (id % 3) + 1 })))
  await db
    .insert(t.posts)
    .values(ids.map((id) => ({ id, slug: `s${(id % 3) + 1}`, authorId: (id % 4) + 1, viewCount: id })))
  await db.insert(t.labels).values([1, 2, 3].map((id) => ({ id, name: `l${id}` })))
  await db.insert(t.postLabels).values(ids.map((id) => ({ postId: id, labelId: (id % 3) + 1 })))
  await db.insert(t.notes).values(ids.map((id) => ({ personId: id, body: `b${id}` })))
}
