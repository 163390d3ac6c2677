import { readFile } from 'node:fs/promises'
import type { Cache, PolicyOptions } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { PrismaClient } from '../../../../prisma/generated/features/client/client.ts'
import { datamodel } from '../../../../prisma/generated/features/larder.ts'
import {
  type Connected,
  type ConnectOptions,
  connect,
  postgresDatabase,
  type TestDatabase,
} from '../support/client.ts'

const TABLES = new URL('../../../../prisma/features/tables.sql', import.meta.url)

/** An empty PostgreSQL database with the tables of `prisma/features`. */
export async function featuresDatabase(): Promise<TestDatabase> {
  const tables = await readFile(TABLES, 'utf8')
  return postgresDatabase((exec) => exec(tables))
}

function extend(base: PrismaClient, cache: Cache) {
  return base.$extends(prismaCache({ cache, datamodel, models: {} }))
}

/** A client that was generated with every preview feature that changes reads. */
export interface FeaturesClient extends Omit<Connected, 'db' | 'base'> {
  readonly db: ReturnType<typeof extend>
  readonly base: PrismaClient
}

export interface FeaturesOptions {
  readonly models?: Readonly<Record<string, PolicyOptions>>
  readonly omit?: ConstructorParameters<typeof PrismaClient>[0]['omit']
}

/** The views name the tables that they read, unless `models` says otherwise. */
export const VIEWS_DECLARED = {
  '*': { ttl: '1m' },
  AuthorTotal: { ttl: '1m', reads: ['Book'] },
  GenreTotal: { ttl: '1m', reads: ['Book'] },
} as const

/** Connects such a client, until the running test ends. */
export function connectFeatures(
  database: TestDatabase,
  { models = VIEWS_DECLARED, omit }: FeaturesOptions = {},
): FeaturesClient {
  // The support is typed by the repository's schema.
  const options = { from: PrismaClient, datamodel, models, ...(omit && { client: { omit } }) }
  return connect(database, options as unknown as ConnectOptions) as unknown as FeaturesClient
}
