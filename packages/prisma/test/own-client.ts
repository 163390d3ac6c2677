import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import type { Datamodel } from '../src/index.ts'

const run = promisify(execFile)
const cli = createRequire(import.meta.url).resolve('prisma/build/index.js')
const generator = fileURLToPath(new URL('../bin/larder-prisma.js', import.meta.url))
const root = new URL('../../../prisma/generated/', import.meta.url)

/** What Prisma and Larder generate for a schema of the test's own. */
export interface OwnClient {
  /** Given as the repository's client: whoever uses it knows which of its models are in the schema. */
  readonly PrismaClient: typeof PrismaClient
  readonly datamodel: Datamodel
  /** Removes the generated files. */
  remove(): Promise<void>
}

/** Generates both for `schema`, a text without generators, offline; two seconds or so. `name` is one of a folder. */
export async function ownClient(name: string, schema: string): Promise<OwnClient> {
  const folder = new URL(`own-${process.pid}-${name}/`, root)
  await mkdir(folder, { recursive: true })
  const path = fileURLToPath(new URL('schema.prisma', folder))
  const generators = `generator client {
  provider = "prisma-client"
  output   = "./client"
}
generator larder {
  provider = "${generator}"
  output   = "./larder.ts"
}
`
  await writeFile(path, generators + schema)
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: process.execPath }
  await run(process.execPath, [cli, 'generate', '--schema', path], { env, timeout: 60_000 })
  const client = (await import(new URL('client/client.ts', folder).href)) as Pick<OwnClient, 'PrismaClient'>
  const larder = (await import(new URL('larder.ts', folder).href)) as Pick<OwnClient, 'datamodel'>
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  return { PrismaClient: client.PrismaClient, datamodel: larder.datamodel, remove }
}
