import { setTimeout as sleep } from 'node:timers/promises'
import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { seededRandom } from '@larder/testing'

/** A store that responds after up to three milliseconds. */
export function slowStore(seed: number): Store {
  const store = memoryStore({ isolated: true })
  const random = seededRandom(seed)
  const later = async <T>(call: () => Promise<T>): Promise<T> => {
    await sleep(random() * 3)
    return call()
  }
  return {
    source: 'store',
    open: (context) => store.open?.(context),
    fetch: (...args) => later(() => store.fetch(...args)),
    seed: (...args) => later(() => store.seed(...args)),
    mark: (...args) => later(() => store.mark(...args)),
    renew: (...args) => later(() => store.renew(...args)),
    finish: (...args) => later(() => store.finish(...args)),
    set: (...args) => later(() => store.set(...args)),
    invalidateAll: () => later(() => store.invalidateAll()),
    close: () => store.close(),
  }
}
