import { repeatWhenBusy, type Sentinels, startSentinels, storeContract } from '@larder/testing'
import { afterAll, beforeAll, beforeEach, describe, vi } from 'vitest'
import { extent, open, pass } from './support/store-contract.ts'

repeatWhenBusy()

// About servers as tests have them: no limit of memory, replicas that may be missing.
beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(() => {}))

describe('on the primary that Sentinels name', () => {
  let set: Sentinels
  beforeAll(async () => {
    set = await startSentinels()
  })
  afterAll(() => set.stop())
  storeContract('valkeyStore({ sentinels })', () => open({ sentinels: set.addresses, name: set.name }), {
    pass,
    pauses: 'shared',
    extent,
  })
})
