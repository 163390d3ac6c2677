import { PGlite } from '@electric-sql/pglite'
import { migrate } from '@larder/testing'
import { PrismaPGlite } from 'pglite-prisma-adapter'

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

/** A database in this process, with the tables of the repository's schema. */
export async function openDatabase() {
  const pglite = await PGlite.create()
  await migrate((sql) => pglite.exec(sql))
  return {
    adapter: () => new PrismaPGlite(pglite),
    /** Puts back the rows that every run begins with: three users and three posts. */
    reset: () => pglite.exec(ROWS),
    close: () => pglite.close(),
  }
}
