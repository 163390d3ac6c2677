import { prepare, type Servers } from '@larder/example-servers'

/** Creates the tables of the archive, unless they are there. */
export const prepareTables = (servers: Servers): Promise<void> =>
  prepare(servers, 'score_slice', [new URL('../sql/tables.sql', import.meta.url)])
