import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Datamodel } from '@larder/prisma'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { ownClient } from '../../../testing/src/index.ts'
import { type AdapterDatabase, schemaFor } from './adapters.ts'

export interface AdapterClient {
  readonly PrismaClient: typeof PrismaClient
  readonly datamodel: Datamodel
}

const generated = new URL('../../../../prisma/generated/', import.meta.url)
/** The compiler passes over folders with such a name. */
const shared = new URL('.shared/', generated)
const generator = fileURLToPath(new URL('../../bin/', import.meta.url))

/**
 * The client for the tables of `adapters.ts`. All test files and test runs share one for each dialect, since Prisma needs
 * two seconds to generate it.
 */
export async function adapterClient(provider: AdapterDatabase['provider']): Promise<AdapterClient> {
  const schema = schemaFor(provider)
  const folder = new URL(`${provider}-${versionOf(schema)}/`, shared)
  if (!existsSync(folder)) await generateInto(folder, provider, schema)
  const [{ PrismaClient }, { datamodel }] = await Promise.all(
    ['client/client.ts', 'larder.ts'].map((file) => import(new URL(file, folder).href)),
  )
  return { PrismaClient, datamodel }
}

async function generateInto(folder: URL, provider: string, schema: string): Promise<void> {
  const name = `shared-${provider}`
  const own = await ownClient(name, schema)
  await mkdir(shared, { recursive: true })
  // Those of other versions only: another process may just have made the one that is needed.
  const stale = globSync(`${provider}-*`, { cwd: shared }).filter((name) => !folder.href.includes(name))
  for (const name of stale) await rm(new URL(name, shared), { recursive: true, force: true })
  await rename(new URL(`own-${process.pid}-${name}/`, generated), folder).catch((error) => {
    // Another process was faster.
    if (!existsSync(folder)) throw error
  })
  await own.remove()
}

/** Of all that decides what is generated. */
function versionOf(schema: string): string {
  const prisma = createRequire(import.meta.url).resolve('prisma/package.json')
  const files = globSync('**/*.js', { cwd: generator }).sort()
  const hash = createHash('sha256').update(schema).update(readFileSync(prisma))
  for (const file of files) hash.update(readFileSync(new URL(file, `file://${generator}`)))
  return hash.digest('hex').slice(0, 16)
}
