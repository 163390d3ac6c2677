import { expect, test } from 'vitest'
import { cachedPrisma } from '../support/cached-prisma.ts'

const here = cachedPrisma()

test('a scope never reads another scope’s entry', async () => {
  let tenant: string | undefined = 'a'
  here.build({ scope: () => tenant, requireScope: true })
  await here.stock()
  expect(await here.sourcesOf(() => here.stock())).toBe('memory')
  tenant = 'b'
  expect(await here.sourcesOf(() => here.stock())).toBe('miss')
  tenant = undefined
  await expect(here.stock()).rejects.toMatchObject({ code: 'LARDER_SCOPE_REQUIRED' })
  await expect(here.setQuantity(1)).resolves.toMatchObject({ quantity: 1 })
  for (tenant of ['a', 'b']) expect((await here.stock()).quantity).toBe(1)
})
