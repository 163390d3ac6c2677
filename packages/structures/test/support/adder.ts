// A process that counts when it gets a message: ADDER valkey-url name increments
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { createCounter } from '@larder/structures'
import { clientOf } from './client-of.ts'

const [url = '', name = '', increments] = process.argv.slice(2)
const client = clientOf(url)
const counter = createCounter(client, { name, flush: async () => {} })
const BURST = 20
process.send?.('ready')
await once(process, 'message')
for (let done = 0; done < Number(increments); done += BURST) {
  await Promise.all(Array.from({ length: BURST }, (_, each) => counter.add(`id${(done + each) % 10}`)))
  await wait(5)
}
client.disconnect()
process.disconnect?.()
