import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { Moment } from './custom-types.ts'
import type { Contract, ContractDb, Driver, Rules } from './driver.ts'

type Write = (contract: Contract) => PromiseLike<unknown>

const EVERYWHERE: Readonly<Record<string, Write>> = {
  'an insert with a key from $defaultFn': ({ db, t }) => db.insert(t.generated).values({ title: 'New' }),
  'an update with a value from $onUpdateFn': ({ db, t }) =>
    db
      .update(t.generated)
      .set({ vector: [7] })
      .where(eq(t.generated.id, 1)),
  'an update that changes a generated key': ({ db, t }) =>
    db.update(t.generated).set({ title: 'New' }).where(eq(t.generated.id, 1)),
  'an update by a generated key': ({ db, t }) =>
    db.update(t.generated).set({ title: 'New', stamp: 3 }).where(eq(t.generated.slug, 'one')),
  'a delete by a generated key': ({ db, t }) => db.delete(t.generated).where(eq(t.generated.slug, 'two')),
}
/** RETURNING and a conflict target. */
const NOT_MYSQL: Readonly<Record<string, Write>> = {
  'an insert that returns': ({ db, t }) =>
    db.insert(t.generated).values({ title: 'New' }).returning({ title: t.generated.title }),
  'an update that returns a key from $onUpdateFn': ({ db, t }) =>
    db
      .update(t.generated)
      .set({ vector: [7] })
      .where(eq(t.generated.id, 1))
      .returning(),
  'an update that returns a generated key': ({ db, t }) =>
    db.update(t.generated).set({ title: 'New' }).where(eq(t.generated.id, 2)).returning(),
  'an upsert on a generated key': ({ db, t }) =>
    db
      .insert(t.generated)
      .values({ id: 9, title: 'ONE' })
      .onConflictDoUpdate({ target: t.generated.slug, set: { vector: [8] } }),
}
const MYSQL: Readonly<Record<string, Write>> = {
  'ON DUPLICATE KEY UPDATE by a generated key': ({ db, t }) => {
    const insert = db.insert(t.generated).values({ id: 9, title: 'ONE' }) as unknown as {
      onDuplicateKeyUpdate(config: object): PromiseLike<unknown>
    }
    return insert.onDuplicateKeyUpdate({ set: { title: 'New', vector: [8] } })
  },
}

/** Reads by each key, of existing and of future rows. */
function readsOf({ t }: Contract): readonly ((on: ContractDb) => PromiseLike<unknown>)[] {
  const by = (column: 'id' | 'slug' | 'stamp', value: string | number) => (on: ContractDb) =>
    on.select().from(t.generated).where(eq(t.generated[column], value))
  const keys = [
    ...[1, 2, 9].map((id) => by('id', id)),
    ...['one', 'two', 'new'].map((slug) => by('slug', slug)),
    ...[1, 2, 3].map((stamp) => by('stamp', stamp)),
  ]
  return [...keys, (on) => on.select().from(t.generated).orderBy(t.generated.id)]
}

async function put({ plain, t }: Contract): Promise<void> {
  const customTypes = {
    vector: [1, 2.5],
    bytes: Buffer.from([0, 255, 128]),
    moment: new Moment(1_700_000_000_123),
  }
  await plain.insert(t.generated).values({ id: 1, title: 'One', stamp: 1, ...customTypes })
  await plain.insert(t.generated).values({ id: 2, title: 'Two', stamp: 2 })
}

function writesOf(dialect: Driver['dialect']): readonly (readonly [string, Write])[] {
  return Object.entries({ ...EVERYWHERE, ...(dialect === 'mysql' ? MYSQL : NOT_MYSQL) })
}

/** Columns whose values are created by Drizzle, the database or the user's code. */
export const generatedValueRules: Rules = (the, driver) => {
  describe('generated values', () => {
    it('a hit returns custom types and bytes as the database does', async () => {
      const { db, plain, t, sourceOf } = the()
      await put(the())
      const read = (on: ContractDb) => on.select().from(t.generated).orderBy(t.generated.id)
      const expected = await read(plain)
      expect(expected[0]).toMatchObject({ slug: 'one', vector: [1, 2.5], moment: { at: 1_700_000_000_123 } })
      expect(expected[0]?.moment).toBeInstanceOf(Moment)
      expect(await read(db)).toStrictEqual(expected)
      expect(await sourceOf(() => read(db))).toBe('memory')
      const hit = await read(db)
      expect(hit).toStrictEqual(expected)
      expect(Object.getPrototypeOf(hit[0]?.bytes)).toBe(Object.getPrototypeOf(expected[0]?.bytes))
      expect(Buffer.from(hit[0]?.bytes ?? [])).toEqual(Buffer.from([0, 255, 128]))
    })

    it.each(writesOf(driver.dialect))('no read is stale after %s', async (_, write) => {
      const contract = the()
      await put(contract)
      const reads = readsOf(contract)
      for (const read of reads) await read(contract.db)
      const before = await reads.at(-1)?.(contract.plain)
      await write(contract)
      expect(await reads.at(-1)?.(contract.plain)).not.toEqual(before)
      for (const read of reads) expect(await read(contract.db)).toStrictEqual(await read(contract.plain))
    })
  })
}
