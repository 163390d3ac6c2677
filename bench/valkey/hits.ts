import { msgpackCodec } from '@larder/core'
import { BentoCache, bentostore } from 'bentocache'
import { redisDriver } from 'bentocache/drivers/redis'
import { Redis as IoRedis } from 'ioredis'
import { compare } from '../compare.ts'
import type { Context } from '../context.ts'
import { ITEM, once } from '../item-host.ts'
import { type Case, interleave, keep } from '../rounds.ts'
import { expectHits, MODES, type Mode, nameOf, openCache } from './caches.ts'
import type { Server } from './server.ts'
import { openShop } from './shop.ts'

const FLOOR = 'floor: iovalkey GET and decode'

/** One hot key, read by one caller after the other. */
export async function benchHits(context: Context): Promise<void> {
  const server = await context.server()
  const opened: Opened[] = []
  try {
    for (const make of [plain, ...MODES.map((mode) => larder(mode)), bentocache])
      opened.push(await make(server))
    const cases = opened.flatMap((each) => each.cases)
    const timed = await interleave(cases, context.remoteBudget)
    for (const { check } of opened) check?.()
    context.show({
      id: 'one-at-a-time',
      title: `Store: a hit on one hot key, one at a time, of one row of ${Object.keys(ITEM).length} columns`,
      note: `The floor is one command on a client of its own, and the decoding of the same
bytes. Larder by the mode of its memory tier: off keeps nothing, validate keeps entries and asks
whether they are current, push is notified of changes. bentocache has its L2 only, and stores JSON.
Cache-aside by hand is written in this repository.`,
      ...compare(timed, [{ head: '× floor', name: FLOOR }]),
    })
  } finally {
    for (const { close } of opened) await close()
  }
}

interface Opened {
  readonly cases: readonly Case[]
  /** @throws Error if reads that were timed as hits were none. */
  check?(): void
  close(): Promise<void>
}

async function plain({ connect, prefix }: Server): Promise<Opened> {
  const client = connect()
  const codec = msgpackCodec().bind({})
  const [packed, json] = [`${prefix}:packed`, `${prefix}:json`]
  await client.set(packed, Buffer.from(codec.encode(ITEM)), 'EX', 600)
  await client.set(json, JSON.stringify(ITEM), 'EX', 600)
  return {
    cases: [
      {
        name: FLOOR,
        async run() {
          const bytes = await client.getBuffer(packed)
          keep(bytes && codec.decode(bytes))
        },
      },
      {
        name: 'cache-aside by hand: GET, JSON.parse',
        async run() {
          const text = await client.get(json)
          keep(text === null ? undefined : JSON.parse(text))
        },
      },
    ],
    close: async () => client.disconnect(),
  }
}

function larder(mode: Mode): (server: Server) => Promise<Opened> {
  return async ({ url, prefix }) => {
    const cache = await openCache({ url, mode, namespace: `${prefix}-${mode}` })
    const shop = openShop(cache, async () => ITEM)
    const readItem = () => shop.readItem(ITEM.id)
    const readPage = () => shop.readPage(ITEM.id)
    const reports = [await shop.warm(readItem), await shop.warm(readPage)]
    const [item, page] = reports.map((report) => report.tags.length)
    const check = expectHits(nameOf(mode), cache)
    return {
      cases: [
        { name: `${nameOf(mode)}: 1 table, ${item} tags`, run: readItem },
        { name: `${nameOf(mode)}: 3 tables, ${page} tags`, run: readPage },
      ],
      check,
      close: () => cache.close(),
    }
  }
}

async function bentocache({ url, prefix }: Server): Promise<Opened> {
  const connection = new IoRedis(url.replace(/^valkey/, 'redis'))
  connection.on('error', () => {})
  const bento = new BentoCache({
    default: 'store',
    prefix,
    stores: { store: bentostore().useL2Layer(redisDriver({ connection })) },
  })
  const [bare, tagged] = [once(ITEM), once(ITEM)]
  const cases = [
    {
      name: 'bentocache, L2: no tags',
      run: () => bento.getOrSet({ key: 'bare', ttl: '10m', factory: bare }),
    },
    {
      name: 'bentocache, L2: 2 tags',
      run: () => bento.getOrSet({ key: 'tagged', ttl: '10m', tags: ['item', 'owner'], factory: tagged }),
    },
  ]
  for (const one of cases) await one.run()
  return { cases, close: () => bento.disconnectAll() }
}
