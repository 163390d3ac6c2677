import type { Finding } from './finding.ts'

/** How long a mark outlives its writer (ms). A statement that runs longer may commit after its marks have expired. */
export const MARK_LIFETIME = 30_000

/** True if a limit lets a statement run longer than its marks. 0 means no limit. */
export function outlivesMarks(limit: number): boolean {
  return limit === 0 || limit > MARK_LIFETIME
}

/** The finding that nothing ends a statement of a dead process in time. */
export function unboundedStatement(subject: string, state: string, fix: string): Finding {
  return {
    level: 'warning',
    code: 'statement-timeout',
    subject,
    message: `${state}: a statement whose process died may commit after its marks have expired (30 s), and leave stale entries until their ttl`,
    fix,
  }
}

/** Formats milliseconds as seconds. */
export function formatTime(time: number): string {
  return time === 0 ? 'off' : `${time / 1000} s`
}

/** The finding that a server may lose commits in a crash. */
export function losesCommits(subject: string, value: string, fix: string): Finding {
  return {
    level: 'warning',
    code: 'durability',
    subject,
    message: `is ${value}: after a crash of the server, the cache may contain rows that the database has lost, until their ttl`,
    fix,
  }
}
