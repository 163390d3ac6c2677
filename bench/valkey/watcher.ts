// The other process of seen.ts: reads one item over and over, and says when it saw what it was told to wait for.
import { setImmediate } from 'node:timers/promises'
import { Redis } from 'iovalkey'
import { type Mode, openCache } from './caches.ts'
import { openShop } from './shop.ts'
import { type NewStock, type Ready, readStock, type Watch, wallClock } from './stock.ts'

const [url = '', namespace = '', mode = '', key = ''] = process.argv.slice(2)
const cache = await openCache({ url, namespace, mode: mode as Mode })
const database = new Redis(url.replace(/^valkey/, 'redis'))
const shop = openShop(cache, () => readStock(database, key))
const read = (): ReturnType<typeof shop.readItem> => shop.readItem(1)
const report = (told: Ready | NewStock): void => void process.send?.(told)

process.on('message', async ({ stock }: Watch) => {
  const { source } = await shop.warm(read)
  report({ ready: source })
  for (let lastOldRead = 0; ; ) {
    const began = wallClock()
    if ((await read()).stock === stock) {
      report({ seenAt: wallClock(), lastOldRead })
      return
    }
    lastOldRead = began
    // Memory answers without a turn of the event loop, and news arrives in one.
    await setImmediate()
  }
})
// The parent went away: so does this.
process.on('disconnect', () => process.exit(0))
report({ ready: 'started' })
