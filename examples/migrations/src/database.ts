import { createDatabase, migrate, postgresUrl } from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'

const TIME = '2026-01-01'
const ROWS = `
  TRUNCATE app_user RESTART IDENTITY CASCADE;
  TRUNCATE blog_posts RESTART IDENTITY CASCADE;
  INSERT INTO app_user (email, name, created_at, updated_at) VALUES
    ('ada@example.com', 'Ada', '${TIME}', '${TIME}'),
    ('ben@example.com', 'Ben', '${TIME}', '${TIME}'),
    ('cy@example.com', NULL, '${TIME}', '${TIME}');
  INSERT INTO blog_posts (title, published, author_id) VALUES
    ('Bread', true, 1), ('Butter', true, 1), ('Jam', false, 2)`

/** A pool whose connections may still be closing when their database is dropped. */
export function openPool(connectionString: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString, max })
  pool.on('connect', (client) => client.on('error', () => {}))
  pool.on('error', () => {})
  return pool
}

/** A PostgreSQL database of its own, with the tables of the repository's schema. */
export async function openDatabase() {
  const { url, drop } = await createDatabase(await postgresUrl())
  const pool = openPool(url, 1)
  await migrate((sql) => pool.query(sql))
  return {
    adapter: () =>
      new PrismaPg({ connectionString: url, max: 2 }, { onPoolError: () => {}, onConnectionError: () => {} }),
    /** Puts back the rows that every run begins with: three users and three posts. */
    reset: () => pool.query(ROWS),
    async close() {
      await pool.end()
      await drop()
    },
  }
}
