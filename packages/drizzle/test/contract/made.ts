import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Driver, Rules } from './driver.ts'
import { Moment } from './made-values.ts'

type Write = (world: Contract) => PromiseLike<unknown>

const EVERYWHERE: Readonly<Record<string, Write>> = {
  'an insert with a key from $defaultFn': ({ db, t }) => db.insert(t.made).values({ title: 'New' }),
  'an update that $onUpdateFn adds to': ({ db, t }) =>
    db
      .update(t.made)
      .set({ vector: [7] })
      .where(eq(t.made.id, 1)),
  'an update that a generated key follows': ({ db, t }) =>
    db.update(t.made).set({ title: 'New' }).where(eq(t.made.id, 1)),
  'an update by a generated key': ({ db, t }) =>
    db.update(t.made).set({ title: 'New', stamp: 3 }).where(eq(t.made.slug, 'one')),
  'a delete by a generated key': ({ db, t }) => db.delete(t.made).where(eq(t.made.slug, 'two')),
}
/** RETURNING and a conflict target. */
const NOT_MYSQL: Readonly<Record<string, Write>> = {
  'an insert that returns': ({ db, t }) =>
    db.insert(t.made).values({ title: 'New' }).returning({ title: t.made.title }),
  'an update that returns what $onUpdateFn made of a key': ({ db, t }) =>
    db
      .update(t.made)
      .set({ vector: [7] })
      .where(eq(t.made.id, 1))
      .returning(),
  'an update that returns a generated key': ({ db, t }) =>
    db.update(t.made).set({ title: 'New' }).where(eq(t.made.id, 2)).returning(),
  'an upsert on a generated key': ({ db, t }) =>
    db
      .insert(t.made)
      .values({ id: 9, title: 'ONE' })
      .onConflictDoUpdate({ target: t.made.slug, set: { vector: [8] } }),
}
const MYSQL: Readonly<Record<string, Write>> = {
  'ON DUPLICATE KEY UPDATE by a generated key': ({ db, t }) => {
    const insert = db.insert(t.made).values({ id: 9, title: 'ONE' }) as unknown as {
      onDuplicateKeyUpdate(config: object): PromiseLike<unknown>
    }
    return insert.onDuplicateKeyUpdate({ set: { title: 'New', vector: [8] } })
  },
}

/** Reads by each key, of rows there are and of rows there will be. */
function readsOf({ t }: Contract): readonly ((on: ContractDb) => PromiseLike<unknown>)[] {
  const by = (column: 'id' | 'slug' | 'stamp', value: string | number) => (on: ContractDb) =>
    on.select().from(t.made).where(eq(t.made[column], value))
  const keys = [
    ...[1, 2, 9].map((id) => by('id', id)),
    ...['one', 'two', 'new'].map((slug) => by('slug', slug)),
    ...[1, 2, 3].map((stamp) => by('stamp', stamp)),
  ]
  return [...keys, (on) => on.select().from(t.made).orderBy(t.made.id)]
}

async function put({ plain, t }: Contract): Promise<void> {
  const own = { vector: [1, 2.5], bytes: Buffer.from([0, 255, 128]), moment: new Moment(1_700_000_000_123) }
  await plain.insert(t.made).values({ id: 1, title: 'One', stamp: 1, ...own })
  await plain.insert(t.made).values({ id: 2, title: 'Two', stamp: 2 })
}

function writesOf(dialect: Driver['dialect']): readonly (readonly [string, Write])[] {
  return Object.entries({ ...EVERYWHERE, ...(dialect === 'mysql' ? MYSQL : NOT_MYSQL) })
}

/** Columns whose values Drizzle, the database or the user's own code makes. */
export const madeRules: Rules = (the, driver) => {
  describe('made values', () => {
    it('of types of the user’s own, and bytes, are on a hit as from the database', async () => {
      const { db, plain, t, told } = the()
      await put(the())
      const read = (on: ContractDb) => on.select().from(t.made).orderBy(t.made.id)
      const expected = await read(plain)
      expect(expected[0]).toMatchObject({ slug: 'one', vector: [1, 2.5], moment: { at: 1_700_000_000_123 } })
      expect(expected[0]?.moment).toBeInstanceOf(Moment)
      expect(await read(db)).toStrictEqual(expected)
      expect(await told(() => read(db))).toBe('memory')
      const hit = await read(db)
      expect(hit).toStrictEqual(expected)
      expect(Object.getPrototypeOf(hit[0]?.bytes)).toBe(Object.getPrototypeOf(expected[0]?.bytes))
      expect(Buffer.from(hit[0]?.bytes ?? [])).toEqual(Buffer.from([0, 255, 128]))
    })

    it.each(writesOf(driver.dialect))('no read is stale after %s', async (_, write) => {
      const world = the()
      await put(world)
      const reads = readsOf(world)
      for (const read of reads) await read(world.db)
      const before = await reads.at(-1)?.(world.plain)
      await write(world)
      expect(await reads.at(-1)?.(world.plain)).not.toEqual(before)
      for (const read of reads) expect(await read(world.db)).toStrictEqual(await read(world.plain))
    })
  })
}
