import { msgpackCodec } from '@larder/core'
import type { Redis } from 'iovalkey'
import type { Context } from '../context.ts'
import { ITEM } from '../item-host.ts'
import { median } from '../statistics.ts'
import { whole } from '../units.ts'
import { openCache } from './caches.ts'
import { keysOf } from './server.ts'
import { openShop } from './shop.ts'

const ROWS = 1_000

/** What the server says it needs for entries and tags. */
export async function benchMemory(context: Context): Promise<void> {
  const server = await context.server()
  const { client, url } = server
  const namespace = `${server.prefix}-memory`
  const cache = await openCache({ url, namespace, mode: 'off' })
  try {
    const shop = openShop(cache, async (id) => ({ ...ITEM, id }))
    for (let id = 1; id <= ROWS; id++) await shop.readItem(id)
    await shop.warm(() => shop.readItem(ROWS))
    const groups = Object.entries(Object.groupBy(await measured(client, namespace), kindOf))
    const value = msgpackCodec().bind({}).encode(ITEM).length
    context.show({
      id: 'server',
      title: `Memory of the server: ${whole(ROWS)} rows, each read by its id`,
      note: `As MEMORY USAGE says, key and expiry included. A row's value takes ${value} bytes; its
tags are two fields of the table's record, which all rows share, and a cell.`,
      columns: [
        { name: 'keys', unit: 'count' },
        { name: 'bytes each', unit: 'bytes' },
      ],
      rows: groups
        .map(([name, keys = []]) => ({
          name,
          figures: [{ value: keys.length }, { value: median(keys.map(({ bytes }) => bytes)) }],
        }))
        .toSorted((one, other) => one.name.localeCompare(other.name)),
    })
  } finally {
    await cache.close()
  }
}

interface Key {
  readonly name: string
  readonly type: string
  readonly bytes: number
}

async function measured(client: Redis, namespace: string): Promise<Key[]> {
  const names = await keysOf(client, namespace)
  return Promise.all(
    names.map(async (name) => ({
      name,
      type: await client.type(name),
      bytes: Number(await client.call('MEMORY', 'USAGE', name, 'SAMPLES', 0)),
    })),
  )
}

function kindOf({ name, type }: Key): string {
  if (type === 'hash') return 'record of a table, 2 fields in use'
  return name.startsWith('{') ? 'cell of a value' : 'entry'
}
