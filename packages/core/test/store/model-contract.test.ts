import { fakeClock, modelStore, storeContract } from '@larder/testing'

const clock = fakeClock()

// The contract has to hold for a store that shares no code with ours, else it tests our code and not the rules.
storeContract('the model store', () => modelStore(undefined, undefined, clock.now), {
  pass: clock.advance,
  leases: false,
})
