import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { repeatWhenBusy, sized, valkeyUrl } from '@larder/testing'
import type { Redis } from 'iovalkey'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { commandCounts, connectTo, ownServer, type Server, until } from '../support/server.ts'
import {
  createPlace,
  join,
  type Member,
  type Mode,
  type SharedPlace,
  timed,
  warm,
} from '../support/server-members.ts'

repeatWhenBusy()

let database: Redis
let valkey: Server
let server: Redis
let place: SharedPlace
let member: Member

beforeAll(async () => {
  database = connectTo(await valkeyUrl())
})
afterAll(() => database.disconnect())

beforeEach(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
  server.on('error', () => {})
  place = createPlace(database)
  member = await join(place, valkey.url, 'off')
})
afterEach(async () => {
  valkey.resume()
  await member.cache.close()
  server.disconnect()
  await valkey.stop()
  await database.unlink(place.name)
})

/** Keeps this thread busy. */
function block(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}

const fromStore = ({ source }: { readonly source: string }): boolean => source === 'store'

const burst = (size: number, from: Member = member): Promise<Awaited<ReturnType<Member['read']>>[]> =>
  Promise.all(Array.from({ length: size }, () => from.read(1)))

/** What a burst of reads sends, and how many of them had to go to the database. */
async function sentBy(run: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await commandCounts(server)
  await run()
  const after = await commandCounts(server)
  const of = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  return { pttl: of('pttl'), get: of('get'), hmget: of('hmget'), mget: of('mget') }
}

it.each(['off', 'validate'] satisfies Mode[])(
  'reads of one key in one turn share one fetch and get separate results, in mode %s',
  async (mode) => {
    const reader = await join(place, valkey.url, mode)
    await warm([reader], 'a')
    let results: { value: string | null; source: string }[] = []
    const sent = await sentBy(async () => {
      results = await burst(500, reader)
    })
    expect(sent).toEqual({ pttl: 0, get: 0, hmget: 1, mget: 1 })
    expect(new Set(results.map(({ value, source }) => `${value} ${source !== 'database'}`))).toEqual(
      new Set(['a true']),
    )
    await reader.cache.close()
  },
)

it('a fetch that was already sent is not shared, so that a concurrent write of another process is seen', async () => {
  const other = await join(place, valkey.url, 'off')
  await warm([member, other], '0')
  for (let version = 1; version <= 50; version++) {
    const early = burst(3)
    // The early ones are sent in this turn; what is written after that they may see or not.
    await new Promise((resolve) => setImmediate(resolve))
    const written = other.write(1, String(version))
    const during = burst(3)
    await written
    expect((await burst(3)).map(({ value }) => value)).toEqual(Array(3).fill(String(version)))
    const values = (await Promise.all([early, during])).flat().map(({ value }) => Number(value))
    for (const value of values) expect([version - 1, version]).toContain(value)
  }
  await other.cache.close()
})

it('a blocked event loop does not count as an overdue reply', async () => {
  await warm([member], 'a')
  for (let time = 0; time < sized(1, 2); time++) {
    // Sent in this turn, answered while nobody listens.
    const results = burst(50)
    await new Promise((resolve) => setImmediate(resolve))
    block(2_300)
    expect((await results).map(({ source }) => source)).toEqual(Array(50).fill('store'))
    // And asked in the turn that was too long.
    await wait(1)
    block(2_300)
    expect((await burst(50)).map(({ source }) => source)).toEqual(Array(50).fill('store'))
  }
})

it('a health check whose reply waits behind a long burst does not make the server unavailable', async () => {
  const ids = Array.from({ length: 2_500 }, (_, id) => id)
  await Promise.all(ids.map((id) => member.read(id)))
  await until(async () => (await Promise.all(ids.map((id) => member.read(id)))).every(fromStore))
  const results = await Promise.all(
    ids.map(async (id) => {
      const result = await member.read(id)
      // As programs do, each works for a while with its answer before the next is heard.
      block(1)
      return result
    }),
  )
  expect(results.filter((result) => !fromStore(result))).toEqual([])
})

/** Stands between a store and its server, and hands over the replies piece by piece. */
interface Relay {
  readonly url: string
  /** From now on replies wait for `handOver`. */
  hold(): void
  /** Passes on at most this many bytes of the replies that wait. */
  handOver(bytes: number): void
  close(): void
}

async function openRelay(port: number): Promise<Relay> {
  const clients = new Map<Socket, Buffer[]>()
  let held = false
  const relay = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const waiting: Buffer[] = []
    clients.set(client, waiting)
    client.on('data', (request) => upstream.write(request))
    upstream.on('data', (reply) => {
      if (held) waiting.push(reply)
      else client.write(reply)
    })
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('close', () => upstream.destroy())
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  return {
    url: `valkey://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    hold() {
      held = true
    },
    handOver(bytes) {
      for (const [client, waiting] of clients)
        for (let left = bytes; left > 0 && waiting[0]; ) {
          const piece = waiting[0].subarray(0, left)
          left -= piece.length
          client.write(piece)
          if (piece.length < waiting[0].length) waiting[0] = waiting[0].subarray(piece.length)
          else waiting.shift()
        }
    },
    close() {
      relay.close()
      for (const client of clients.keys()) client.destroy()
    },
  }
}

it('reads of large entries do not bypass a healthy server because this process is busy, 256 in flight', async () => {
  const ids = Array.from({ length: 256 }, (_, id) => id)
  await database.hset(place.name, Object.fromEntries(ids.map((id) => [id, String(id).padEnd(30_000, 'x')])))
  await until(async () => (await Promise.all(ids.map((id) => member.read(id)))).every(fromStore))
  const relay = await openRelay(valkey.port)
  const reader = await join(place, relay.url, 'off')
  await until(async () => fromStore(await reader.read(1)))
  relay.hold()
  const [began, before] = [performance.now(), performance.eventLoopUtilization()]
  let results: Awaited<ReturnType<Member['read']>>[] | undefined
  const reads = Promise.all(ids.map((id) => reader.read(id)))
  void reads.then((all) => {
    results = all
  })
  for (let [handedOver, worked] = [began, 0]; !results; ) {
    await wait(1)
    // Busy for more than 60 % of the time, which is too little to count as busy without answers. Turns are too short to
    // make timers late.
    const { idle } = performance.eventLoopUtilization(before)
    const work = Math.min(4, Math.max(0, 1.6 * idle - worked))
    block(work)
    worked += work
    // About an entry each millisecond. One reply has many.
    const now = performance.now()
    relay.handOver(Math.ceil(35_000 * (now - handedOver)))
    handedOver = now
  }
  const took = performance.now() - began
  relay.close()
  await reader.cache.close()
  expect(results.filter((result) => !fromStore(result)).map(({ reason }) => reason)).toEqual([])
  // Otherwise no read would have needed extra time.
  expect(took).toBeGreaterThan(150)
})

it('no call waits longer than two seconds for a stopped server, whether the process is busy or not', async () => {
  await warm([member], 'a')
  valkey.pause()
  const began = performance.now()
  expect((await timed(() => member.read(1))).took).toBeLessThan(400)
  while (performance.now() - began < 2_600) {
    block(30)
    await wait(1)
  }
  const { took, source } = await timed(() => member.read(1))
  expect(source).toBe('database')
  expect(took).toBeLessThan(80)
  await expect(member.store.fetch(undefined, [])).rejects.toThrow(/two seconds|lost|Socket timeout/)
  valkey.resume()
  await until(async () => (await member.read(1)).source === 'store')
})
