import { readdir, readFile } from 'node:fs/promises'

const MIGRATIONS = new URL('../../../../prisma/migrations/', import.meta.url)

/**
 * Applies every migration of the repository's schema to an empty PostgreSQL or PGlite database, oldest first.
 * `exec` gets the text of one migration, several statements at once: `(sql) => pool.query(sql)`, `(sql) => pglite.exec(sql)`.
 * It keeps no record of what was applied: a second run on the same database fails.
 */
export async function migrate(exec: (sql: string) => Promise<unknown>): Promise<void> {
  const entries = await readdir(MIGRATIONS, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  for (const folder of folders.sort()) {
    await exec(await readFile(new URL(`${folder}/migration.sql`, MIGRATIONS), 'utf8'))
  }
}
