import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'

const run = promisify(execFile)
const cli = createRequire(import.meta.url).resolve('prisma/build/index.js')
const root = new URL('../../../prisma/', import.meta.url)

/** A client class of the repository's schema with preview features on. */
export interface PreviewClient {
  readonly PrismaClient: typeof PrismaClient
  /** `Prisma.skip`, where `strictUndefinedChecks` is on. */
  readonly skip: object
  /** Removes the generated files. */
  remove(): Promise<void>
}

/**
 * Generates that client into a folder of its own; a second or so. It cannot be one more generator of the schema:
 * `relationJoins` of any generator changes the SQL of all clients of that schema.
 */
export async function previewClient(features: readonly string[]): Promise<PreviewClient> {
  const folder = new URL(`generated/preview-${process.pid}-${features.join('-')}/`, root)
  await mkdir(folder, { recursive: true })
  const schema = await readFile(new URL('schema.prisma', root), 'utf8')
  const models = schema.replace(/^generator \w+ \{[^}]*\}/gm, '')
  const previews = JSON.stringify(['views', ...features])
  const generator = `generator client {\n  provider = "prisma-client"\n  output = "./client"\n  previewFeatures = ${previews}\n}\n`
  const path = fileURLToPath(new URL('schema.prisma', folder))
  await writeFile(path, generator + models)
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: process.execPath }
  await run(process.execPath, [cli, 'generate', '--schema', path], { env, timeout: 60_000 })
  const made = (await import(new URL('client/client.ts', folder).href)) as {
    PrismaClient: typeof PrismaClient
    Prisma: { skip: object }
  }
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  return { PrismaClient: made.PrismaClient, skip: made.Prisma.skip, remove }
}
