import { prepare, type Servers } from '@larder/example-servers'

const at = (file: string): URL => new URL(`../prisma/${file}`, import.meta.url)

/** Creates the tables and 2,000 products, unless they are there. A deployment of yours runs its migrations instead. */
export const prepareTables = (servers: Servers): Promise<void> =>
  prepare(servers, 'product', [at('tables.sql'), at('seed.sql')])
