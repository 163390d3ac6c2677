import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Context } from '../context.ts'
import type { Row } from '../sheet.ts'
import { quantile } from '../statistics.ts'
import type { Server } from './server.ts'

/** What each process is asked to do: so many reads of one key at once. */
export interface Herd {
  readonly key: string
  readonly singleFlight: SingleFlight
  readonly readers: number
  /** In milliseconds. */
  readonly loadTime: number
}

/** How long its last reader waited. */
export interface HerdEnded {
  readonly milliseconds: number
}

type SingleFlight = (typeof POLICIES)[number]

const POLICIES = [false, 'process', 'cluster'] as const
const PROCESSES = [1, 4] as const
const READERS = 500
const LOAD_TIME = 50
/** How long a process may take to begin, and a herd to end, in ms. */
const LONGEST = 30_000

/** Herds on keys that nobody has loaded, in one process and in several: how often each key is loaded. */
export async function benchHerds(context: Context): Promise<void> {
  const server = await context.server()
  const keys = context.quick ? 3 : 20
  const rows: Row[] = []
  for (const processes of PROCESSES) {
    const namespace = `${server.prefix}-herds-${processes}`
    const members = Array.from({ length: processes }, () =>
      fork(new URL('herd-member.ts', import.meta.url), [server.url, namespace]),
    )
    try {
      await Promise.all(members.map(next))
      for (const singleFlight of POLICIES) rows.push(await measure(server, members, singleFlight, keys))
    } finally {
      for (const member of members) member.kill()
    }
  }
  context.show({
    id: 'herds',
    title: `Herds: ${READERS} readers of one key at once in each process, nothing cached`,
    note: `${keys} keys, one after the other; a load takes ${LOAD_TIME} ms. The time is that of the last reader.`,
    columns: [
      { name: 'loads/key', unit: 'count' },
      { name: 'p50', unit: 'ms' },
      { name: 'max', unit: 'ms' },
    ],
    rows,
  })
}

async function measure(
  { prefix, client }: Server,
  members: readonly ChildProcess[],
  singleFlight: SingleFlight,
  keys: number,
): Promise<Row> {
  const times: number[] = []
  let loads = 0
  for (let at = 0; at < keys; at++) {
    const key = `${prefix}:herd:${members.length}:${singleFlight}:${at}`
    const herd: Herd = { key, singleFlight, readers: READERS, loadTime: LOAD_TIME }
    const ended = members.map((member) => {
      member.send(herd)
      return next(member)
    })
    for (const { milliseconds } of await Promise.all(ended)) times.push(milliseconds)
    loads += Number(await client.get(key))
  }
  const name = `${members.length} ${members.length === 1 ? 'process' : 'processes'}, singleFlight ${singleFlight}`
  const figures = [loads / keys, quantile(times, 0.5), quantile(times, 1)]
  return { name, figures: figures.map((value) => ({ value })) }
}

async function next(member: ChildProcess): Promise<HerdEnded> {
  const [told] = await once(member, 'message', { signal: AbortSignal.timeout(LONGEST) })
  return told as HerdEnded
}
