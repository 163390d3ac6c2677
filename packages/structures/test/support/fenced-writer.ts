// A process that holds a lock and writes without looking at it: FENCED-WRITER valkey-url database-url name
// It writes when it gets a message, and says what came of it.
import { once } from 'node:events'
import { createLock } from '@larder/structures'
import pg from 'pg'
import { clientOf } from './client-of.ts'

const [url = '', databaseUrl = '', name = ''] = process.argv.slice(2)
const client = clientOf(url)
const database = new pg.Client({ connectionString: databaseUrl })
await database.connect()
const lock = createLock(client, { prefix: name })
let rows: number | null = null
let aborted = false
const outcome = await lock
  .using('row', { ttl: 400 }, async ({ signal, fence }) => {
    const message = once(process, 'message')
    process.send?.(String(fence))
    await message
    aborted = signal.aborted
    const sql = "UPDATE fenced SET writer = 'paused', fence = $1 WHERE id = 1 AND fence <= $1"
    rows = (await database.query(sql, [fence])).rowCount
    return 'done'
  })
  .catch((error) => error.code)
process.send?.({ rows, aborted, outcome })
client.disconnect()
await database.end()
process.disconnect?.()
