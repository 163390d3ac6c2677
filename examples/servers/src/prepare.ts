import { readFile } from 'node:fs/promises'
import type { Servers } from './servers.ts'

/**
 * Creates and fills the tables of a service, unless `table` is there already. Several processes may start at once: one of
 * them does it, and the others wait.
 * @param scripts SQL files, run in this order and in one transaction.
 */
export async function prepare(
  { runScript }: Pick<Servers, 'runScript'>,
  table: string,
  scripts: readonly URL[],
): Promise<void> {
  const texts = await Promise.all(scripts.map((script) => readFile(script, 'utf8')))
  // A script cannot branch, so the statements are the body of a block. It is quoted by a word that none of them uses.
  await runScript(`
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtext('examples'));
    DO $prepare$ BEGIN
      IF to_regclass('${table}') IS NULL THEN
        ${texts.join('\n')}
      END IF;
    END $prepare$;
    COMMIT`)
}
