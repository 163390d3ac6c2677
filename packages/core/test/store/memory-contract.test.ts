import { memoryStore } from '@larder/core'
import type { Clock } from '@larder/core/host'
import { type FakeClock, fakeClock, repeatWhenBusy, sized, storeContract } from '@larder/testing'

repeatWhenBusy()

const clocks: FakeClock[] = []
const clock = (): Clock => {
  const newClock = fakeClock()
  clocks.push(newClock)
  return newClock
}

storeContract('memoryStore', () => memoryStore({ clock: clock() }), {
  pass: async (ms) => {
    for (const clock of clocks) await clock.advance(ms)
  },
  small: (tags) => memoryStore({ maxEntries: Math.ceil(tags / 4) }),
})

storeContract('memoryStore, shared by the namespace', () => memoryStore(), {
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  pauses: 'shared',
  extent: sized('short', 'full'),
})
