import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { createReadPlans } from '../../src/plan/read-plans.ts'
import { models } from './models.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const used = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

it('a remembered plan keeps no text of which an argument is a part', () => {
  const plans = createReadPlans(models, {})
  const before = used()
  const [reads, length] = [400, 100_000]
  for (let number = 0; number < reads; number++) {
    const body = `${Buffer.alloc(length, 97).toString('latin1')}user-${number}@example.com`
    const email = body.slice(length)
    plans.ofCached('findUnique', 'User', { where: { email } }, [])
    plans.ofCached('findMany', 'User', { where: { email: { in: [email] } }, select: { id: true } }, [])
  }
  expect(used() - before).toBeLessThan((reads * length) / 4)
  expect(plans.ofCached('findUnique', 'User', { where: { email: 'user-1@example.com' } }, [])).toMatchObject({
    occurrences: [{ pins: { email: ['user-1@example.com'] } }],
  })
})
