import type { Finding } from './finding.ts'

/** How long a mark outlives its writer (ms): a statement that runs longer may commit when nobody marks it any more. */
export const MARK = 30_000

/** True for a limit that lets a statement outlive its marks. 0 is none. */
export function outlives(limit: number): boolean {
  return limit === 0 || limit > MARK
}

/** A statement of a process that died, which nothing ends in time. */
export function unended(subject: string, state: string, fix: string): Finding {
  return {
    level: 'warning',
    code: 'statement-timeout',
    subject,
    message: `${state}: a statement whose process died may commit after its marks have ended, 30 s later, and leave stale entries until their ttl`,
    fix,
  }
}

/** Milliseconds for people. */
export function spelledTime(time: number): string {
  return time === 0 ? 'off' : `${time / 1000} s`
}

/** Commits that a server may forget. */
export function forgetful(subject: string, value: string, fix: string): Finding {
  return {
    level: 'warning',
    code: 'durability',
    subject,
    message: `is ${value}: a server that crashes may forget its last commits, and the cache remembers them until their ttl`,
    fix,
  }
}
