import { sized } from '@larder/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Guarded } from '../../src/store/guarded.ts'
import { runOutage } from './outage.ts'

// Seconds on a machine of its own; a busy one may take its time.
vi.setConfig({ testTimeout: 600_000 })

const broken = vi.hoisted(() => ({ replay: false, memory: false }))
const done: Guarded<undefined> = { ok: true, value: undefined }

vi.mock('../../src/marks/journal.ts', async (original) => {
  const real = await original<typeof import('../../src/marks/journal.ts')>()
  const createJournal: typeof real.createJournal = (room) => {
    const deaf = { ...room.store, finish: async () => done, invalidateAll: async () => done }
    const journal = real.createJournal(broken.replay ? { ...room, store: deaf } : room)
    return broken.memory ? { ...journal, add: () => {}, addEverything: () => {} } : journal
  }
  return { ...real, createJournal }
})

beforeEach(() => {
  broken.replay = false
  broken.memory = false
})

const SCHEDULES = sized(10, 800)

describe('a process that cannot reach the store for a while', () => {
  it.each([
    ['until the store reports its return', 0, true],
    ['until a probe succeeds', 10_000, false],
  ])(
    'never serves stale data, and neither do others after the store is back: %s',
    async (_, from, reports) => {
      let [failed, writer, other] = [0, 0, 0]
      for (let seed = from; seed < from + SCHEDULES; seed++) {
        const ran = await runOutage(seed, reports)
        if (ran.stale.writer || ran.stale.other) expect(`seed ${seed}\n${ran.log.join('\n')}`).toBe('')
        failed += ran.failed
        writer += ran.hitsAfter.writer
        other += ran.hitsAfter.other
      }
      // Of what there was to lose, enough was lost; and afterwards both are served again.
      expect(failed).toBeGreaterThan(SCHEDULES * 5)
      expect(writer).toBeGreaterThan(SCHEDULES)
      expect(other).toBeGreaterThan(SCHEDULES)
    },
  )
})

describe('the checker finds a stale read', () => {
  /** A short run begins at a seed that showed one, and goes on as far as a long one. */
  async function firstStale(who: 'writer' | 'other', near: number): Promise<boolean> {
    const from = sized(near, 0)
    for (let seed = from; seed < from + 2_000; seed++)
      if ((await runOutage(seed, true)).stale[who]) return true
    return false
  }

  it('the checker finds a stale read by the other process, if the journal is never sent', async () => {
    broken.replay = true
    expect(await firstStale('other', 140)).toBe(true)
  })

  it('the checker finds a stale read by the writing process, if the journal records nothing', async () => {
    broken.memory = true
    expect(await firstStale('writer', 9)).toBe(true)
  })
})
