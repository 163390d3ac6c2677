import { memoryStore } from '@larder/core'
import { beforeEach, expect, it, vi } from 'vitest'
import { conditions } from '../../src/write-through/proof.ts'
import { GROUP, PRIMARY, UNIQUE } from '../support/item-host.ts'
import { near } from './explore.ts'
import { runSchedule, type Setting } from './random-history.ts'

// Each rule of writing through is broken in turn, and something stale has to come of it.

const broken = vi.hoisted(() => ({ order: false, stamp: false }))

vi.mock('../../src/transaction/committed-rows.ts', async (original) => {
  const real = await original<typeof import('../../src/transaction/committed-rows.ts')>()
  const createCommittedRows: typeof real.createCommittedRows = () => {
    const committedRows = real.createCommittedRows()
    return {
      ...committedRows,
      rowsOf: (write, all) => (broken.order ? write.rows : committedRows.rowsOf(write, all)),
    }
  }
  return { ...real, createCommittedRows }
})

vi.mock('../../src/write-through/proof.ts', async (original) => {
  const real = await original<typeof import('../../src/write-through/proof.ts')>()
  const proofOf: typeof real.proofOf = (row, marked, finished) => {
    const proof = real.proofOf(row, marked, finished)
    const field = finished?.report.fields[finished.request.fields.indexOf(row.field)]?.nonceAfter
    return proof && broken.stamp && field ? { ...proof, field } : proof
  }
  return { ...real, proofOf }
})

const real = { ...conditions }
const rules = conditions as Record<string, (typeof conditions)[string]>

beforeEach(() => {
  for (const name of Object.keys(broken) as (keyof typeof broken)[]) broken[name] = false
  Object.assign(rules, real)
})

vi.setConfig({ testTimeout: 600_000 })

const ALL_KEYS = [PRIMARY, UNIQUE, GROUP]
const MOST = 3_000

/** Whether some schedule shows a row older than somebody knew, or goes on showing one when all is over. */
async function goesWrong(from: number, more: Partial<Setting>): Promise<'stale' | 'survives' | 'no'> {
  const setting = {
    store: () => memoryStore({ maxEntries: 100, isolated: true }),
    processes: [ALL_KEYS, ALL_KEYS],
    through: true,
  }
  for (let seed = from; seed < from + MOST; seed++) {
    const ran = await runSchedule(seed, { ...setting, ...more })
    if (ran.surviving.length) return 'survives'
    if (ran.stale.length && !more.faults) return 'stale'
  }
  return 'no'
}

const without = (...names: readonly string[]): void => {
  for (const name of names) rules[name] = () => true
}

it('with only the check that no mark was set since, an older value survives', async () => {
  without('sameNonces', 'cleanAtMark')
  expect(await goesWrong(near(0), { reads: ['one'], writes: ['oneReturning'] })).not.toBe('no')
})

it('without the comparison of nonces, a writer that marked and finished meanwhile is missed', async () => {
  without('sameNonces')
  expect(await goesWrong(near(49), { reads: ['one'], writes: ['oneReturning', 'code'] })).not.toBe('no')
})

it('without the comparison of nonces, a mark that expired while its write was pending is missed', async () => {
  without('sameNonces')
  const faults: Setting['faults'] = (scheduler) => ({ expiring: () => scheduler.random() < 0.3 })
  expect(await goesWrong(near(64), { reads: ['one'], writes: ['oneReturning', 'code'], faults })).toBe(
    'survives',
  )
})

it("with the field's nonce taken from the finish, a writer of unknown rows is missed", async () => {
  without('sameNonces')
  broken.stamp = true
  expect(await goesWrong(near(121), { reads: ['one'], writes: ['oneReturning', 'raw'] })).not.toBe('no')
})

it('without the order of statements, a transaction stores a row that it changed again later', async () => {
  broken.order = true
  expect(
    await goesWrong(near(6), { reads: ['one'], writes: ['oneReturning'], processes: [ALL_KEYS] }),
  ).not.toBe('no')
})
