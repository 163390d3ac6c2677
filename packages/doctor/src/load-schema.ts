import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Schema } from '@larder/core'
import type { Datamodel, ModelPolicies } from '@larder/prisma'
import { Mistake } from './mistake.ts'

/**
 * The tables that a module of the application declares: the datamodel that `larder-prisma` generated.
 * @param policies a module that exports `models`, as given to `prismaCache`; for `touches`, `reads` and `lookupKeys`.
 */
export async function loadSchema(file: string, policies: string | undefined): Promise<Schema> {
  const datamodel = Object.values(await load(file)).find(isDatamodel)
  if (!datamodel)
    throw new Mistake(`${file} exports no datamodel: give the file that the generator larder-prisma writes`)
  const models = policies === undefined ? undefined : (await load(policies)).models
  if (policies !== undefined && (typeof models !== 'object' || models === null))
    throw new Mistake(`${policies} exports no models: export const models = { … }, as given to prismaCache`)
  const { tablesOf } = await import('@larder/prisma').catch(() => {
    throw new Mistake('@larder/prisma is not installed beside @larder/doctor: npm install @larder/prisma')
  })
  return tablesOf(datamodel, models as ModelPolicies<Datamodel> | undefined)
}

async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw new Mistake(`${file}: this Node does not read TypeScript: use Node 22.18 or later, or npx tsx`)
    throw new Mistake(`${file} cannot be loaded: ${error instanceof Error ? error.message : error}`)
  }
}

function isDatamodel(value: unknown): value is Datamodel {
  return (
    typeof value === 'object' &&
    value !== null &&
    'models' in value &&
    'version' in value &&
    'digest' in value
  )
}
