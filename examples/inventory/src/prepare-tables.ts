import { prepare, type Servers } from '@larder/example-servers'

const at = (file: string): URL => new URL(`../prisma/${file}`, import.meta.url)

/** Creates the tables and 200 pieces each of 2,000 products, unless they are there. */
export const prepareTables = (servers: Servers): Promise<void> =>
  prepare(servers, 'stock', [at('tables.sql'), at('seed.sql')])
