import type { Catalogue } from './catalogue.ts'
import type { Finding } from './finding.ts'

/** How long a mark outlives its writer (ms): a statement that runs longer may commit when nobody marks it any more. */
const MARK = 30_000

/** What the server's own settings say about promises. Pure. */
export function compareServer({ settings, standby }: Catalogue): readonly Finding[] {
  const findings: Finding[] = []
  if (standby)
    findings.push({
      level: 'danger',
      code: 'standby',
      subject: 'server',
      message:
        'replays the writes of another: reads from it may be older than the invalidation that is meant to end them',
      fix: 'give the cache to the client of the primary',
    })
  const timeout = milliseconds(settings.statement_timeout)
  if (timeout === undefined) return findings
  const checked = milliseconds(settings.client_connection_check_interval) ?? 0
  if ((timeout === 0 || timeout > MARK) && (checked === 0 || checked > MARK))
    findings.push({
      level: 'warning',
      code: 'statement-timeout',
      subject: 'statement_timeout',
      message: `is ${timeout === 0 ? 'off' : `${timeout / 1000} s`}, and so is client_connection_check_interval: a statement whose process died may commit after its marks have ended, 30 s later, and leave stale entries until their ttl`,
      fix: "ALTER ROLE … SET statement_timeout = '25s', or client_connection_check_interval = '5s'",
    })
  return findings
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** `0`, `25s`, `1min`: as PostgreSQL prints durations. Undefined where the setting is not there. */
function milliseconds(text: string | undefined): number | undefined {
  const found = /^(\d+)\s*(ms|s|min|h|d)?$/.exec(text ?? '')
  return found ? Number(found[1]) * (UNITS[found[2] ?? 'ms'] ?? 1) : undefined
}
