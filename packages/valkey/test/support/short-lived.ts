import { createCache } from '@larder/core'
import { valkeyStore } from '@larder/valkey'
import { attachRows } from './rows.ts'
import { connectTo } from './server.ts'

// Reads one row, says where it came from, and is gone a moment later, without closing anything.
const [url = '', namespace = '', name = ''] = process.argv.slice(2)
const store = valkeyStore(url)
const rows = attachRows(createCache({ store, namespace }), connectTo(url), name)
await store.ping()
const { source } = await rows.read(1)
process.send?.(source)
setTimeout(() => process.exit(0), 100)
