import { createCache, type MemoryOptions } from '@larder/core'
import { valkeyStore } from '@larder/valkey'
import { attachRows } from './rows.ts'
import { connectTo } from './server.ts'

/** What a member process is asked, one line of IPC each. */
export type Ask =
  | { readonly read: number }
  | { readonly write: number; readonly value: string }
  | { readonly invalidate: 'all' }

const [store = '', database = '', name = '', mode] = process.argv.slice(2)
const memory = { mode: mode as NonNullable<MemoryOptions['mode']> }
const cache = createCache({ store: valkeyStore(store), memory })
const rows = attachRows(cache, connectTo(database), name)

process.on('message', async (ask: Ask) => {
  if ('read' in ask) process.send?.(await rows.read(ask.read))
  else if ('write' in ask) {
    await rows.write(ask.write, ask.value)
    process.send?.({})
  } else {
    await cache.invalidate({ all: true })
    process.send?.({})
  }
})
process.send?.({})
