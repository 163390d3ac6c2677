import { readFile } from 'node:fs/promises'
import type { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { type OwnClient, ownClient } from '../../../testing/src/index.ts'
import type { Datamodel } from '../../src/index.ts'

/** A client class of the repository's schema with preview features on. */
export type PreviewClient = OwnClient<typeof PrismaClient, Datamodel>

/**
 * Generates it. It cannot be one more generator of the schema: `relationJoins` of any generator changes the SQL of all
 * clients of that schema.
 */
export async function previewClient(features: readonly string[]): Promise<PreviewClient> {
  const schema = await readFile(new URL('../../../../prisma/schema.prisma', import.meta.url), 'utf8')
  const models = schema.replace(/^generator \w+ \{[^}]*\}/gm, '')
  return ownClient(`preview-${features.join('-')}`, models, ['views', ...features])
}
