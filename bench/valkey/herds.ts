import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { count, quantile } from '../statistics.ts'
import { table } from '../table.ts'
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
export async function benchHerds(server: Server, keys: number): Promise<void> {
  const lines: string[][] = []
  for (const processes of PROCESSES) {
    const namespace = `${server.prefix}-herds-${processes}`
    const members = Array.from({ length: processes }, () =>
      fork(new URL('herd-member.ts', import.meta.url), [server.url, namespace]),
    )
    try {
      await Promise.all(members.map(next))
      for (const singleFlight of POLICIES) lines.push(await measure(server, members, singleFlight, keys))
    } finally {
      for (const member of members) member.kill()
    }
  }
  console.log(`
Herds: ${count(READERS)} readers of one key at once in each process, nothing cached
${keys} keys, one after the other; a load takes ${LOAD_TIME} ms. The time is that of the last reader.

${table(['case', 'loads per key', 'time p50', 'time max'], lines, 15)}`)
}

async function measure(
  { prefix, client }: Server,
  members: readonly ChildProcess[],
  singleFlight: SingleFlight,
  keys: number,
): Promise<string[]> {
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
  const [half, most] = [0.5, 1].map((share) => `${quantile(times, share).toFixed(0)} ms`)
  return [name, (loads / keys).toFixed(1), half ?? '', most ?? '']
}

async function next(member: ChildProcess): Promise<HerdEnded> {
  const [told] = await once(member, 'message', { signal: AbortSignal.timeout(LONGEST) })
  return told as HerdEnded
}
