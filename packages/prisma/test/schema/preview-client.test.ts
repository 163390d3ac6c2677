import { PrismaPg } from '@prisma/adapter-pg'
import { afterAll, expect, it } from 'vitest'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { checkDatamodel } from '../../src/schema/mismatch.ts'
import { type PreviewClient, previewClient } from '../support/preview-client.ts'

let preview: PreviewClient | undefined

afterAll(async () => {
  await preview?.remove()
})

it('a client generated with preview features matches the datamodel and refuses undefined', async () => {
  preview = await previewClient(['relationJoins', 'strictUndefinedChecks'])
  const adapter = new PrismaPg({ connectionString: 'postgresql://127.0.0.1:1/none' })
  const client = new preview.PrismaClient({ adapter })
  expect(() => checkDatamodel(datamodel, client)).not.toThrow()
  await expect(client.user.findFirst({ where: { id: undefined as never } })).rejects.toThrow(
    'explicitly `undefined`',
  )
  expect(preview.skip).toBeDefined()
})
