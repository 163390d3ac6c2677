import type { Catalogue } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { forgetful, outlives, spelledTime, unended } from '../timeouts.ts'

/** What PostgreSQL's settings say about promises. Pure. */
export function postgresSettings(settings: Catalogue['settings']): readonly Finding[] {
  const findings: Finding[] = []
  for (const name of ['fsync', 'synchronous_commit'])
    if (settings[name] === 'off')
      findings.push(
        forgetful(name, 'off', `set ${name} to on, or call cache.invalidate({ all: true }) after a crash`),
      )
  const timeout = milliseconds(settings.statement_timeout)
  if (timeout === undefined) return findings
  const checked = milliseconds(settings.client_connection_check_interval) ?? 0
  if (outlives(timeout) && outlives(checked))
    findings.push(
      unended(
        'statement_timeout',
        `is ${spelledTime(timeout)}, and client_connection_check_interval is ${spelledTime(checked)}`,
        "ALTER ROLE … SET statement_timeout = '25s', or client_connection_check_interval = '5s'",
      ),
    )
  return findings
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** `0`, `25s`, `1min`: as PostgreSQL prints durations. Undefined where the setting is not there. */
function milliseconds(text: string | undefined): number | undefined {
  const found = /^(\d+)\s*(ms|s|min|h|d)?$/.exec(text ?? '')
  return found ? Number(found[1]) * (UNITS[found[2] ?? 'ms'] ?? 1) : undefined
}
