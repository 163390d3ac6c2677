import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const generator = fileURLToPath(new URL('../../../prisma/bin/larder-prisma.js', import.meta.url))
const root = new URL('../../../../prisma/generated/', import.meta.url)

/** What Prisma and Larder generate for a schema of the test's own. */
export interface OwnClient<Client, Datamodel> {
  /** Of the type that the caller says: who uses it knows which models are in the schema. */
  readonly PrismaClient: Client
  readonly datamodel: Datamodel
  /** `Prisma.skip`, where `strictUndefinedChecks` is on. */
  readonly skip: object
  /** Removes the generated files. */
  remove(): Promise<void>
}

/**
 * Generates both for `schema`, a text without generators, offline; two seconds or so. `name` is one of a folder,
 * `features` are preview features.
 */
export async function ownClient<Client, Datamodel>(
  name: string,
  schema: string,
  features: readonly string[] = [],
): Promise<OwnClient<Client, Datamodel>> {
  const folder = new URL(`own-${process.pid}-${name}/`, root)
  await mkdir(folder, { recursive: true })
  const path = fileURLToPath(new URL('schema.prisma', folder))
  const generators = `generator client {
  provider        = "prisma-client"
  output          = "./client"
  previewFeatures = ${JSON.stringify(features)}
}
generator larder {
  provider = "${generator}"
  output   = "./larder.ts"
}
`
  await writeFile(path, generators + schema)
  const cli = createRequire(import.meta.url).resolve('prisma/build/index.js')
  // Compiled once, the program of Prisma starts in two thirds of the time.
  const compiled = fileURLToPath(new URL('../../../../node_modules/.cache/larder/compiled/', import.meta.url))
  const env = {
    ...process.env,
    ...{ CHECKPOINT_DISABLE: '1', PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    NODE_COMPILE_CACHE: compiled,
  }
  await run(process.execPath, [cli, 'generate', '--schema', path], { env, timeout: 150_000 })
  const { PrismaClient, Prisma } = (await import(new URL('client/client.ts', folder).href)) as {
    readonly PrismaClient: Client
    readonly Prisma: { readonly skip: object }
  }
  const { datamodel } = (await import(new URL('larder.ts', folder).href)) as { readonly datamodel: Datamodel }
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  return { PrismaClient, datamodel, skip: Prisma.skip, remove }
}
