import type { Store } from '@larder/core/store'
import { afterEach, describe } from 'vitest'
import { boundRules } from './bounds.ts'
import { entryRules, togetherRules } from './entries.ts'
import { cellRules, fieldRules, lateRules, orderRules } from './finishing.ts'
import { leaseRules } from './leasing.ts'
import { birthRules, markingRules } from './marking.ts'
import { pauseRules } from './pausing.ts'
import { otherWriteRules, reportRules } from './reporting.ts'
import { lostMarkRules, unchangedRules } from './rollback.ts'
import { seedingRules } from './seeding.ts'
import type { ContractExtent, Start } from './table.ts'

/** What a store under contract can do, and how its tests reach its clock. */
export interface StoreCapabilities {
  /** Lets `ms` milliseconds pass on the clock the store's entries expire by. */
  pass(ms: number): Promise<void>
  /** A store that holds about this many clean tags, if its memory can be bounded. */
  small?: (tags: number) => Store | Promise<Store>
  /**
   * Whether the store can pause a fleet. `'shared'`: another store that is made and opened for the same namespace belongs to
   * the same fleet. Default `'alone'`.
   */
  pauses?: 'shared' | 'alone'
  /** False for a store without leases on loads. Default true. */
  leases?: boolean
  /**
   * `'short'` for a store that differs in its client or its topology only from one that keeps the full contract: the rules
   * that take seconds are shorter or left out. Default `'full'`.
   */
  extent?: ContractExtent
}

/** The rules every store must keep, whatever it is made of. Registers a suite with Vitest. */
export function storeContract(
  name: string,
  makeStore: () => Store | Promise<Store>,
  { pass, small, pauses = 'alone', leases = true, extent = 'full' }: StoreCapabilities,
): void {
  const open: Store[] = []
  const start: Start = async (make = makeStore) => {
    const store = await make()
    open.push(store)
    return store
  }
  describe(`${name} implements the store contract`, () => {
    afterEach(async () => {
      await Promise.all(open.splice(0).map((store) => store.close()))
    })
    seedingRules(start, extent === 'full' ? 100_000 : 2_000)
    for (const rules of [
      birthRules,
      markingRules,
      togetherRules,
      fieldRules,
      cellRules,
      orderRules,
      lateRules,
      reportRules,
      otherWriteRules,
      lostMarkRules,
    ])
      rules(start)
    unchangedRules(start, pass)
    pauseRules(start, pauses)
    if (leases) leaseRules(start, pass, extent)
    entryRules(start, pass)
    if (small) boundRules(start, small)
  })
}
