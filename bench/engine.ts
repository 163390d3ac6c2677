import { createCache, msgpackCodec } from '@larder/core'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { compare } from './compare.ts'
import type { Context } from './context.ts'
import { attachItems, ITEM, ONE_TABLE, once, THREE_TABLES } from './item-host.ts'
import { remote } from './remote.ts'
import { type Case, interleave, keep } from './rounds.ts'

const FLOOR = 'floor: Map.get and decode'

/** The engine's memory hit, without an ORM, beside a cache that checks less and the least any cache can do. */
export async function benchEngine({ budget, show }: Context): Promise<void> {
  const cache = createCache()
  const bento = new BentoCache({
    default: 'memory',
    stores: {
      memory: bentostore().useL1Layer(memoryDriver({ maxItems: 1_000 })),
      objects: bentostore().useL1Layer(memoryDriver({ maxItems: 1_000, serialize: false })),
    },
  })
  const tiers = (['push', 'validate'] as const).map((mode) => {
    const tier = createCache({ store: remote(), memory: { mode } })
    return { mode, tier }
  })
  const overRemote = tiers.flatMap(({ mode, tier }) => tiered(mode, tier))
  const cases = [floor(), ...larder(cache), ...overRemote, ...peers(bento, bento.use('objects'))]
  const timed = await interleave(cases, budget)
  show({
    id: 'memory',
    title: `Engine: a hit in memory, of one row of ${Object.keys(ITEM).length} columns`,
    note: `The floor decodes the same bytes with the same codec, and checks nothing. Larder
decodes them once, and copies. The memory tier's hits are over a store that
stands for a server, without a network: push asks it nothing, validate asks
for the tags. bentocache knows neither tables nor writes. It stores JSON by default.
Without serialization all callers share one object: what one changes, all others see.`,
    ...compare(timed, [{ head: '× floor', name: FLOOR }]),
  })
  for (const { tier } of tiers) await tier.close()
  await cache.close()
  await bento.disconnectAll()
}

function floor(): Case {
  const codec = msgpackCodec().bind({})
  // A copy: encoded bytes may lie in memory that the next encoding uses again.
  const entries = new Map([['item', codec.encode(ITEM).slice()]])
  return {
    name: FLOOR,
    run() {
      const bytes = entries.get('item')
      keep(bytes && codec.decode(bytes))
    },
  }
}

function larder(cache: ReturnType<typeof createCache>): Case[] {
  const read = attachItems(cache)
  const [load, tagged] = [once(ITEM), once(ITEM)]
  return [
    { name: 'Larder: a row of 1 table', run: read('one', ONE_TABLE) },
    { name: 'Larder: rows of 3 tables', run: read('three', THREE_TABLES) },
    { name: 'Larder: wrap, no tags', run: () => cache.wrap('item', { ttl: '1h' }, load) },
    {
      name: 'Larder: wrap, 2 tags',
      run: () => cache.wrap('tagged', { ttl: '1h', tags: ['item', 'owner'] }, tagged),
    },
  ]
}

function tiered(mode: string, cache: ReturnType<typeof createCache>): Case[] {
  const read = attachItems(cache)
  return [
    { name: `Larder, ${mode}: a row of 1 table`, run: read('one', ONE_TABLE) },
    { name: `Larder, ${mode}: rows of 3 tables`, run: read('three', THREE_TABLES) },
  ]
}

type Bento = Pick<BentoCache<never>, 'getOrSet'>

function peers(bento: Bento, objects: Bento): Case[] {
  const [bare, tagged, shared] = [once(ITEM), once(ITEM), once(ITEM)]
  return [
    {
      name: 'bentocache: no tags',
      run: () => bento.getOrSet({ key: 'bare', ttl: '1h', factory: bare }),
    },
    {
      name: 'bentocache: 2 tags',
      run: () => bento.getOrSet({ key: 'tagged', ttl: '1h', tags: ['item', 'owner'], factory: tagged }),
    },
    {
      name: 'bentocache without serialization: 2 tags',
      run: () => objects.getOrSet({ key: 'shared', ttl: '1h', tags: ['item', 'owner'], factory: shared }),
    },
  ]
}
