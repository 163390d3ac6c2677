import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { drizzleCache } from '@larder/drizzle'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Contract, ContractDb, Driver, Rules } from './driver.ts'

type Row = Readonly<Record<string, unknown>>

const COMMON: Row = {
  id: 1,
  big: 9_007_199_254_740_993n,
  money: '12345.60',
  flag: true,
  moment: new Date('2024-02-29T12:34:56.789Z'),
  json: { list: [1, null, 'x'], nested: { 'a.b': true } },
}
export const BY_DIALECT: Readonly<Record<Driver['dialect'], Row>> = {
  postgres: {
    ...COMMON,
    momentText: '2024-02-29 12:34:56.789',
    day: new Date('2024-02-29'),
    key: '0a0b0c0d-0000-4000-8000-000000000001',
    numbers: [1, 2, 3],
  },
  sqlite: { ...COMMON, bytes: Buffer.from([0, 255, 128]) },
  mysql: { ...COMMON, bytes: 'bytes' },
}

/** Bytes of a class whose constructor takes something else than a length. */
class Digest extends Uint8Array {
  constructor(hex: string) {
    if (typeof hex !== 'string') throw new TypeError('not a digest')
    super(Buffer.from(hex, 'hex'))
  }
}

class Names extends Array<string> {
  constructor(...names: string[]) {
    if (names.some((name) => typeof name !== 'string')) throw new TypeError('not a name')
    super(...names)
  }
}

/** Binary data other than bytes, over the given memory. */
const BINARY: Readonly<Record<string, (memory: ArrayBuffer) => object>> = {
  'a typed array': (memory) => new Float32Array(memory),
  'a part of a typed array': (memory) => new Uint16Array(memory, 2, 2),
  'a DataView': (memory) => new DataView(memory, 1, 3),
  'an ArrayBuffer': (memory) => memory,
}

/** Parameters that must not be taken apart. */
const UNUSUAL: Readonly<Record<string, () => unknown>> = {
  'bytes of a class': () => new Digest('0a0b'),
  'a list of a class': () => new Names('a', 'b'),
  'a list with a hole': () => Object.assign(new Array(3), { 0: 1, 2: 3 }),
  'an object with a hidden toJSON': () =>
    Object.defineProperty({ a: 1 }, 'toJSON', { value: () => ({ hidden: true }) }),
  'an object that contains itself twice': () => {
    let reads = 0
    const node: Record<string, unknown> = {}
    const name = (): string => {
      if (++reads > 1_000) throw new Error('the object is copied again and again')
      return 'node'
    }
    Object.defineProperty(node, 'name', { enumerable: true, get: name })
    return Object.assign(node, { left: node, right: node })
  },
}

/** A db whose writes wait for their marks until `release` is called. */
export function openDbThatWaits({ plain, t }: Contract): { readonly db: ContractDb; release(): void } {
  const { sync: _, ...inner } = memoryStore({ isolated: true })
  const { promise, resolve: release } = Promise.withResolvers<void>()
  const mark: Store['mark'] = (request) => promise.then(() => inner.mark(request))
  const cache = createCache({ store: { ...inner, source: 'store', mark } })
  return { db: drizzleCache(plain, { cache, schema: t, tables: { '*': { ttl: '1h' } } }), release }
}

export const valueRules: Rules = (the, driver) => {
  describe('values', () => {
    const put = ({ plain, t }: Contract, row: Row) => plain.insert(t.everything).values(row as never)

    it('a hit returns every type as the database does, in objects that are not shared', async () => {
      const contract = the()
      const { db, plain, t, sourceOf } = contract
      await put(contract, BY_DIALECT[driver.dialect])
      await put(contract, { id: 2 })
      const read = () => db.select().from(t.everything).orderBy(t.everything.id)
      const expected = await plain.select().from(t.everything).orderBy(t.everything.id)
      expect(await read()).toStrictEqual(expected)
      const hit = await read()
      expect(hit).toStrictEqual(expected)
      expect(expected[0]).toMatchObject(
        driver.dialect === 'sqlite' ? { big: COMMON.big, moment: COMMON.moment } : COMMON,
      )
      Object.assign(hit[0]?.json as object, { spoilt: true })
      expect(await sourceOf(read)).toBe('memory')
      expect(await read()).toStrictEqual(expected)
    })

    it('a hit returns mapWith, aliases and unmatched left joins as the database does', async () => {
      const { db, plain, t, sourceOf } = the()
      const read = (from: typeof db) =>
        from
          .select({
            user: { id: t.users.id, mail: t.users.email },
            post: t.posts,
            double: sql<number>`${t.users.id} * 2`.mapWith((value) => ({ value: Number(value) })),
            named: sql<string>`upper(${t.users.email})`.as('named'),
          })
          .from(t.users)
          .leftJoin(t.posts, eq(t.posts.authorId, t.users.id))
          .orderBy(t.users.id, t.posts.id)
      const expected = await read(plain)
      expect(expected.at(-1)?.post).toBeNull()
      expect(await read(db)).toStrictEqual(expected)
      expect(await sourceOf(() => read(db))).toBe('memory')
      expect(await read(db)).toStrictEqual(expected)
    })

    it('a hit of a relational query decodes its columns again', async () => {
      const { db, plain, t, relational } = the()
      await put(the(), BY_DIALECT[driver.dialect])
      const read = (from: typeof db) => relational.everythingById(from, t)
      const expected = await read(plain)
      expect(await read(db)).toStrictEqual(expected)
      expect(await read(db)).toStrictEqual(expected)
    })

    it.each(Object.keys(UNUSUAL))('the driver receives %s as without Larder', async (name) => {
      const { db, plain, raw } = the()
      const outcome = async (from: typeof db): Promise<unknown> => {
        try {
          return JSON.stringify(await raw(from, sql`select ${sql.param(UNUSUAL[name]?.())} as value`))
        } catch (error) {
          return String((error as Error).cause ?? error)
        }
      }
      expect(await outcome(db)).toBe(await outcome(plain))
    })

    it('a write that waits for its mark uses the bytes from the time of the call', async () => {
      const { plain, t, raw } = the()
      const { db, release } = openDbThatWaits(the())
      const bytes = Buffer.from([1])
      const put = (id: number) =>
        sql`insert into made_row (id, title, stamp, bytes) values (${id}, 'a', ${id}, ${bytes})`
      const writing = [
        raw(db, put(1)),
        db.insert(t.generated).values({ id: 2, title: 'b', stamp: 2, bytes } as never),
      ]
      const writes = Promise.all(writing.map(async (write) => await write))
      await sleep(5)
      bytes[0] = 2
      release()
      await writes
      const rows = await plain.select({ bytes: sql`bytes` }).from(t.generated)
      expect(rows.map((row) => [...new Uint8Array(row.bytes as Uint8Array)])).toEqual([[1], [1]])
    })

    it.each(Object.keys(BINARY))(
      'a write that waits for its mark uses %s from the time of the call',
      async (name) => {
        const { plain, t, raw } = the()
        const { db, release } = openDbThatWaits(the())
        const memory = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
        const value = BINARY[name]?.(memory.buffer)
        // Not every driver accepts all of them.
        const put = async (from: typeof db, id: number): Promise<boolean> => {
          try {
            await raw(
              from,
              sql`insert into made_row (id, title, stamp, bytes) values (${id}, ${`title ${id}`}, ${id}, ${value})`,
            )
            return true
          } catch {
            return false
          }
        }
        const accepted = await put(plain, 1)
        const writing = put(db, 2)
        await sleep(5)
        memory.fill(9)
        release()
        expect(await writing).toBe(accepted)
        const rows = await plain.select({ bytes: sql`bytes` }).from(t.generated).orderBy(t.generated.id)
        // One driver inserts a row before it rejects the value.
        if (accepted) expect(rows).toHaveLength(2)
        expect(rows[1]).toEqual(rows[0])
      },
    )
  })
}
