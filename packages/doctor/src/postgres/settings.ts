import type { Catalogue } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { formatTime, losesCommits, outlivesMarks, unboundedStatement } from '../timeouts.ts'

/** Checks settings of PostgreSQL. Pure. */
export function postgresSettings(settings: Catalogue['settings']): readonly Finding[] {
  const findings: Finding[] = []
  for (const name of ['fsync', 'synchronous_commit'])
    if (settings[name] === 'off')
      findings.push(
        losesCommits(name, 'off', `set ${name} to on, or call cache.invalidate({ all: true }) after a crash`),
      )
  const timeout = milliseconds(settings.statement_timeout)
  if (timeout === undefined) return findings
  const checked = milliseconds(settings.client_connection_check_interval) ?? 0
  if (outlivesMarks(timeout) && outlivesMarks(checked))
    findings.push(
      unboundedStatement(
        'statement_timeout',
        `is ${formatTime(timeout)}, and client_connection_check_interval is ${formatTime(checked)}`,
        "ALTER ROLE … SET statement_timeout = '25s', or client_connection_check_interval = '5s'",
      ),
    )
  return findings
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** Parses a duration as PostgreSQL prints it (`0`, `25s`, `1min`), in ms. Undefined if the setting does not exist. */
function milliseconds(text: string | undefined): number | undefined {
  const match = /^(\d+)\s*(ms|s|min|h|d)?$/.exec(text ?? '')
  return match ? Number(match[1]) * (UNITS[match[2] ?? 'ms'] ?? 1) : undefined
}
