import { setTimeout as wait } from 'node:timers/promises'
import type { Member } from './server-members.ts'

/** One read under load. Times in milliseconds of `performance.now()`. */
export interface Reading {
  readonly member: Member
  readonly id: number
  readonly began: number
  readonly took: number
  readonly value: number
  readonly hit: boolean
}

/** Members that read and write until they are told to stop. */
export interface Load {
  readonly seen: readonly Reading[]
  /** Reads and writes that rejected: there must be none. */
  readonly rejected: readonly unknown[]
  /** How many writes have returned. */
  readonly written: number
  /** The longest a write took. */
  readonly longestWrite: number
  /** Waits for `more` reads that hit, of every member. */
  hits(more: number): Promise<void>
  /** Reads that returned less than what had been written, whole, `slack` milliseconds before they began. */
  stale(slack?: (seen: Reading) => number): readonly Reading[]
  stop(): Promise<void>
}

/** How busy the members are, in milliseconds of pause. */
export interface Pace {
  /** Between one member's reads. Default 2. */
  readonly reads?: number
  /** Between writes. Nobody writes when it is left out. */
  readonly writes?: number
  /** Who writes, in turn. Default all. */
  readonly writers?: readonly Member[]
}

/** Staleness that is promised of `push`, and of nothing else. */
export const promised = ({ member }: Reading): number => (member.mode === 'push' ? 1_000 : 0)

/**
 * Each row's value is a number that grows with every write.
 */
export function startLoad(
  members: readonly Member[],
  ids: readonly number[],
  { reads = 2, writes, writers = members }: Pace,
): Load {
  const log: Reading[] = []
  const rejected: unknown[] = []
  const history = new Map<number, { readonly at: number; readonly value: number }[]>(
    ids.map((id) => [id, []]),
  )
  let [over, version, written, longestWrite] = [false, Date.now(), 0, 0]

  const repeat = async (pause: number, act: (time: number) => Promise<void>): Promise<void> => {
    for (let time = 0; !over; time++) {
      await act(time).catch((error: unknown) => rejected.push(error))
      await wait(pause)
    }
  }
  const idAt = (time: number): number => ids[time % ids.length] as number
  const readers = members.map((member) =>
    repeat(reads, async (time) => {
      const [id, began] = [idAt(time), performance.now()]
      const { value, source } = await member.read(id)
      const took = performance.now() - began
      log.push({ member, id, began, took, value: Number(value), hit: source !== 'database' })
    }),
  )
  const writer =
    writes !== undefined &&
    repeat(writes, async (time) => {
      const [id, value, began] = [idAt(time), ++version, performance.now()]
      await writers[time % writers.length]?.write(id, String(value))
      const at = performance.now()
      written++
      longestWrite = Math.max(longestWrite, at - began)
      history.get(id)?.push({ at, value })
    })

  return {
    seen: log,
    rejected,
    get written() {
      return written
    },
    get longestWrite() {
      return longestWrite
    },
    async hits(more) {
      const from = log.length
      const end = performance.now() + 60_000
      const count = (member: Member): number =>
        log.slice(from).filter((each) => each.hit && each.member === member).length
      while (members.some((member) => count(member) < more)) {
        if (performance.now() > end) throw new Error(`${members.map(count)} hits, ${more} wanted of each`)
        await wait(20)
      }
    },
    stale(slack = promised) {
      return log.filter((reading) => {
        const expected = history.get(reading.id)?.findLast(({ at }) => at <= reading.began - slack(reading))
        return expected !== undefined && reading.value < expected.value
      })
    },
    async stop() {
      over = true
      await Promise.all([...readers, writer])
    },
  }
}

/** What to show of stale reads, were there any. */
export const brief = (readings: readonly Reading[], since = 0): readonly string[] =>
  readings.map(
    ({ member, id, began, value, hit }) =>
      `${member.mode} row ${id} at ${Math.round(began - since)}: ${value}${hit ? ' (hit)' : ''}`,
  )
