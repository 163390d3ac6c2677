import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Server } from '../valkey/server.ts'
import { usageOf } from '../valkey/usage.ts'
import type { Fleet } from './fleet.ts'

/** What one process of a small fleet is asked to do. */
export interface Member {
  readonly url: string
  readonly namespace: string
  readonly fleet: Fleet
  readonly seconds: number
  readonly seed: number
}

export interface MemberCounts {
  readonly loads: number
  readonly bypasses: number
}

/** What {@link simulate} returns, measured. */
export interface Measured {
  /** Share of a core that the server needs, less what it needs while these processes are idle. */
  readonly busy: number
  /** In a second. */
  readonly loads: number
  /** Loads among them that never asked the cache, or could not use what it has: of what is being written, mostly. */
  readonly bypasses: number
  /** That the server received in a second, less those while the processes are idle. */
  readonly packets: number
}

/** How long a process may take to begin, and to end, in ms. */
const LONGEST = 30_000
/** Ms. */
const IDLE = 1_500

let runs = 0

/** Runs a fleet in real processes against one server, at the rates of `fleet`. */
export async function runFleet(
  { url, prefix, client }: Server,
  fleet: Fleet,
  seconds: number,
): Promise<Measured> {
  const namespace = `${prefix}-fleet${runs++}`
  const members = Array.from({ length: fleet.processes }, (_, at) => {
    const member: Member = { url, namespace, fleet, seconds, seed: 1 + at }
    return fork(new URL('fleet-member.ts', import.meta.url), [JSON.stringify(member)])
  })
  try {
    await Promise.all(members.map(next))
    const idle = await usageOf(client, () => wait(IDLE))
    const began = performance.now()
    const counts: MemberCounts[] = []
    const { cpu, packets } = await usageOf(client, async () => {
      const ended = members.map((member) => {
        member.send('begin')
        return next(member)
      })
      counts.push(...((await Promise.all(ended)) as MemberCounts[]))
    })
    const sum = (of: keyof MemberCounts): number => counts.reduce((total, each) => total + each[of], 0)
    return {
      busy: cpu / ((performance.now() - began) * 1e6) - idle.cpu / (IDLE * 1e6),
      loads: sum('loads') / seconds,
      bypasses: sum('bypasses') / seconds,
      packets: packets / seconds - (idle.packets * 1_000) / IDLE,
    }
  } finally {
    for (const member of members) member.kill()
  }
}

async function next(member: ChildProcess): Promise<unknown> {
  const signal = AbortSignal.timeout(LONGEST)
  const failed = once(member, 'exit', { signal }).then(([code]) => {
    throw new Error(`A process of the fleet ended with code ${code}`)
  })
  const [message] = await Promise.race([once(member, 'message', { signal }), failed])
  return message
}
