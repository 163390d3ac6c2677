// One process of herds.ts: reads one key many times at once. A load is counted on the server, and takes its time.
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'iovalkey'
import { openCache } from './caches.ts'
import type { Herd, HerdEnded } from './herds.ts'

const [url = '', namespace = ''] = process.argv.slice(2)
const cache = await openCache({ url, namespace, mode: 'validate' })
const database = new Redis(url.replace(/^valkey/, 'redis'))
const report = (told: HerdEnded): void => void process.send?.(told)

process.on('message', async ({ key, singleFlight, readers, loadTime }: Herd) => {
  const began = performance.now()
  const load = async (): Promise<number> => {
    const loads = await database.incr(key)
    await wait(loadTime)
    return loads
  }
  const read = () => cache.wrap(key, { ttl: '1h', capture: false, singleFlight }, load)
  await Promise.all(Array.from({ length: readers }, read))
  report({ milliseconds: performance.now() - began })
})
// The parent went away: so does this.
process.on('disconnect', () => process.exit(0))
report({ milliseconds: 0 })
