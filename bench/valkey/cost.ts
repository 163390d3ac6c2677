import type { Redis } from 'iovalkey'
import { sampleAllocations } from '../allocations.ts'
import type { Context } from '../context.ts'
import type { Row } from '../sheet.ts'
import { MODES } from './caches.ts'
import { drive } from './drive.ts'
import { itemOf } from './items.ts'
import { BENTOCACHE, bentocache, byHand, larder, type Reader } from './readers.ts'
import { usageOf } from './usage.ts'

const KEYS = 500
const IN_FLIGHT = 64

/** What one hit costs the client, the server and the wire. */
export async function benchCost(context: Context): Promise<void> {
  const server = await context.server()
  const hits = context.quick ? 10_000 : 50_000
  for (const tables of [1, 3] as const) {
    const load = async (id: number) => itemOf('300 B', id)
    const reading = { label: `cost-${tables}`, tables, load }
    const readers = [
      byHand(server, reading, 'iovalkey', false),
      byHand(server, reading, 'iovalkey', true),
      ...(await Promise.all(MODES.map((mode) => larder(server, reading, mode)))),
      bentocache(server, reading),
    ]
    const rows: Row[] = []
    try {
      for (const reader of readers) rows.push(await measure(reader, server.client, hits))
    } finally {
      for (const { close } of readers) await close()
    }
    context.show({
      id: `${tables}`,
      title: `Store: what one hit costs, ${IN_FLIGHT} in flight, ${tables === 1 ? '1 table' : '3 tables'}, rows of 300 B`,
      note: `Of ${hits} hits on ${KEYS} keys. Commands, CPU and bytes of the server are those of INFO, so the
heartbeats of the caches are in them. Allocations are sampled by V8, and include what
dies at once. ${BENTOCACHE}: its memory answers most.`,
      columns: [
        { name: 'CPU client', unit: 'ns' },
        { name: 'CPU server', unit: 'ns' },
        { name: 'sent', unit: 'bytes' },
        { name: 'received', unit: 'bytes' },
        { name: 'commands', unit: 'count' },
        { name: 'allocated', unit: 'bytes' },
      ],
      rows,
    })
  }
}

async function measure({ name, read }: Reader, client: Redis, hits: number): Promise<Row> {
  const hitsOf = (requests: number) => () => drive(read, { inFlight: IN_FLIGHT, requests, keys: KEYS })
  for (let id = 0; id < KEYS; id++) await read(id)
  await hitsOf(hits / 2)()
  const used = process.cpuUsage()
  const server = await usageOf(client, hitsOf(hits))
  const { user, system } = process.cpuUsage(used)
  const allocated = await sampleAllocations(hitsOf(hits / 2))
  const values = [(user + system) * 1e3, server.cpu, server.input, server.output, server.commands]
  return { name, figures: [...values, 2 * allocated].map((value) => ({ value: value / hits })) }
}
