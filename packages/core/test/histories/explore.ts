import { sized } from '@larder/testing'
import { runSchedule, type ScheduleRun, type Setting } from './random-history.ts'

/** What some schedules came to; `wrong` tells of the first that shows something stale, with its seed and log. */
export interface Explored {
  readonly reads: number
  readonly hits: number
  /** Hits with an expired entry. */
  readonly expired: number
  readonly schedules: number
  readonly wrong: string | undefined
  /** The one-pass check alone found it. */
  readonly stale: boolean
}

/**
 * Where the search for a stale read begins that a broken rule allows: in a short run at a seed that showed one. It goes on
 * from there as far as a long run does from the first seed, for a change of the protocol may make that seed show nothing.
 */
export const near = (seed: number): number => sized(seed, 0)

/** Runs the schedules of these seeds, up to the first in which something is wrong. */
export async function explore(
  from: number,
  to: number,
  setting: Setting,
  staleOnly = false,
): Promise<Explored> {
  let [reads, hits, expired] = [0, 0, 0]
  for (let seed = from; seed < to; seed++) {
    const ran = await runSchedule(seed, setting)
    reads += ran.reads
    hits += ran.hits
    expired += ran.expired
    if (ran.stale.length || ((ran.impossible.length || ran.surviving.length) && !staleOnly))
      return {
        reads,
        hits,
        expired,
        schedules: seed - from + 1,
        wrong: describeRun(seed, ran),
        stale: ran.stale.length > 0,
      }
  }
  return { reads, hits, expired, schedules: to - from, wrong: undefined, stale: false }
}

function describeRun(seed: number, ran: ScheduleRun): string {
  return [
    `seed ${seed}`,
    ...ran.impossible,
    ...ran.surviving,
    ...ran.stale.map((staleRead) => JSON.stringify(staleRead)),
    ...ran.log,
  ].join('\n')
}
