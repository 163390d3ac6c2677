import { eq, gt, inArray, lt, type SQL, sql } from 'drizzle-orm'
import { createRandom, type Random } from '../../support/random.ts'
import { CODES, EMAILS, personId, postId, SLUGS } from './conditions.ts'
import type { Db, Dialect, Tables } from './tables.ts'
import { person, personSet, personWhere, post, postSet, postWhere, type Write } from './values.ts'
import { POSTGRES, RETURNING } from './write-list.ts'

/** A write that is the same each time it is run. */
export interface Operation {
  readonly name: string
  run(db: Db): PromiseLike<unknown>
}

const EVERYWHERE: Readonly<Record<string, Write>> = {
  'insert person': ({ db, t, random }) => db.insert(t.people).values(person(random)),
  'insert people': ({ db, t, random }) => db.insert(t.people).values([person(random), person(random)]),
  'insert post': ({ db, t, random }) => db.insert(t.posts).values(post(random)),
  'insert posts': ({ db, t, random }) =>
    db.insert(t.posts).values([post(random), post(random), post(random)]),
  'insert team': ({ db, t, random }) =>
    db.insert(t.teams).values({ id: random.int(1, 4), code: random.pick(CODES) }),
  'insert label': ({ db, t, random }) => db.insert(t.labels).values({ id: random.int(1, 4), name: 'again' }),
  'insert link': ({ db, t, random }) =>
    db.insert(t.postLabels).values({ postId: postId(random), labelId: random.int(1, 3) }),
  'insert note': ({ db, t, random }) =>
    db.insert(t.notes).values({ personId: personId(random), body: 'new' }),
  'insert from a select': ({ db, t, random }) =>
    db.insert(t.notes).select(
      db
        .select({ personId: t.posts.authorId, body: t.posts.slug })
        .from(t.posts)
        .where(eq(t.posts.authorId, personId(random))),
    ),
  'update person': (a) => a.db.update(a.t.people).set(personSet(a)).where(personWhere(a)),
  'update people': (a) => a.db.update(a.t.people).set(personSet(a)).where(personWhere(a)),
  'update post': (a) => a.db.update(a.t.posts).set(postSet(a)).where(postWhere(a)),
  'update posts': (a) => a.db.update(a.t.posts).set(postSet(a)).where(postWhere(a)),
  'update team': ({ db, t, random }) =>
    db
      .update(t.teams)
      .set(random.chance(0.5) ? { id: random.int(1, 4) } : { code: random.pick(CODES) })
      .where(eq(t.teams.id, random.int(1, 3))),
  'update notes': ({ db, t, random }) =>
    db
      .update(t.notes)
      .set({ personId: personId(random) })
      .where(eq(t.notes.personId, personId(random))),
  'delete person': (a) => a.db.delete(a.t.people).where(personWhere(a)),
  'delete post': (a) => a.db.delete(a.t.posts).where(postWhere(a)),
  'delete team': ({ db, t, random }) => db.delete(t.teams).where(eq(t.teams.id, random.int(1, 4))),
  'delete label': ({ db, t, random }) => db.delete(t.labels).where(eq(t.labels.id, random.int(1, 4))),
  'delete links': ({ db, t, random }) =>
    db.delete(t.postLabels).where(eq(t.postLabels.postId, postId(random))),
  'delete notes': ({ db, t, random }) => db.delete(t.notes).where(eq(t.notes.personId, personId(random))),
  'delete authors of few': ({ db, t, random }) =>
    db.delete(t.notes).where(
      inArray(
        t.notes.personId,
        db
          .select({ id: t.posts.authorId })
          .from(t.posts)
          .where(lt(t.posts.id, postId(random))),
      ),
    ),
  'prepared update': ({ db, t, random }) =>
    db
      .update(t.people)
      .set({ points: 1 })
      .where(eq(t.people.id, sql.placeholder('id')))
      .prepare('raise')
      .execute({ id: personId(random) }),
  'prepared insert': ({ db, t, random }) =>
    db
      .insert(t.posts)
      .values({ slug: sql.placeholder('slug'), authorId: sql.placeholder('author') })
      .prepare('write')
      .execute({ slug: random.pick(SLUGS), author: personId(random) }),
}

const raw = ({ db, dialect }: Parameters<Write>[0], text: SQL): PromiseLike<unknown> =>
  dialect === 'sqlite'
    ? (db as unknown as { run(sql: SQL): PromiseLike<unknown> }).run(text)
    : db.execute(text)

/** Raw SQL: its tables in the template, or in the text. */
const RAW: Readonly<Record<string, Write>> = {
  'raw update': (a) =>
    raw(a, sql`update ${a.t.posts} set view_count = view_count + 1 where id = ${postId(a.random)}`),
  'raw delete': (a) =>
    raw(
      a,
      sql`delete from ${a.t.postLabels} where post_id in (select id from ${a.t.posts} where author_id = ${personId(a.random)})`,
    ),
  'raw insert': (a) =>
    raw(a, sql`insert into ${a.t.notes} (person_id, body) values (${personId(a.random)}, ${'raw'})`),
  'raw insert of a row': (a) =>
    raw(
      a,
      sql`insert into ${a.t.posts} (slug, author_id) values (${a.random.pick(SLUGS)}, ${personId(a.random)})`,
    ),
  'raw delete that cascades': (a) => raw(a, sql`delete from ${a.t.people} where id = ${personId(a.random)}`),
  'raw update in the text': (a) =>
    raw(a, sql.raw(`update person set points = 3 where id = ${personId(a.random)}`)),
  'raw insert from a table in the text': (a) =>
    raw(
      a,
      sql`insert into note (person_id, body) select id, email from ${a.t.people} where ${gt(a.t.people.id, 4)}`,
    ),
}

/** What MySQL has instead of RETURNING and ON CONFLICT, on builders that the type does not show. */
interface MySqlInsert {
  ignore(): { values(rows: object): PromiseLike<unknown> }
  onDuplicateKeyUpdate(config: object): PromiseLike<unknown>
}
const MYSQL: Readonly<Record<string, Write>> = {
  'insert ignore': ({ db, t, random }) =>
    (db.insert(t.people) as unknown as MySqlInsert).ignore().values([person(random), person(random)]),
  'on duplicate key': (a) =>
    (a.db.insert(a.t.people).values(person(a.random)) as unknown as MySqlInsert).onDuplicateKeyUpdate({
      set: personSet(a),
    }),
  'on duplicate key, a post': (a) =>
    (a.db.insert(a.t.posts).values(post(a.random)) as unknown as MySqlInsert).onDuplicateKeyUpdate({
      set: postSet(a),
    }),
  replace: (a) =>
    raw(
      a,
      sql`replace into ${a.t.people} (id, email) values (${personId(a.random)}, ${a.random.pick(EMAILS)})`,
    ),
}

function writesOf(dialect: Dialect): Readonly<Record<string, Write>> {
  const common = { ...EVERYWHERE, ...RAW }
  if (dialect === 'mysql') return { ...common, ...MYSQL }
  return dialect === 'sqlite' ? { ...common, ...RETURNING } : { ...common, ...RETURNING, ...POSTGRES }
}

/** A random write; what it does is drawn when it is run, from a seed of its own. */
export function randomWrite(random: Random, dialect: Dialect, t: Tables): Operation {
  const [name, build] = random.pick(Object.entries(writesOf(dialect)))
  const seed = random.int(0, 0x7fff_ffff)
  return { name: `${name} #${seed}`, run: (db) => build({ db, t, dialect, random: createRandom(seed) }) }
}
