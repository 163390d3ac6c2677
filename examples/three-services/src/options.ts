import { parseArgs } from 'node:util'

export interface Options {
  /** Run on a PostgreSQL and a Valkey server. */
  readonly services: boolean
  /** File for the report. */
  readonly report: string
}

export const USAGE = `npm run demo -- [OPTION…]

  --services     run on a PostgreSQL and a Valkey server: those of DATABASE_URL
                 and VALKEY_URL, or servers that are started for the run
  --report FILE  where to write the report (larder-report.html)
  --help         show this

  DATABASE_URL   run on this PostgreSQL server, in a database that is created
                 for the run and dropped at the end
  VALKEY_URL     keep cache and leaderboard on this Valkey or Redis server
  COLUMNS        width of the output
  NO_COLOR       plain lines, as in a pipe

Exit codes: 0; 1 if a read was stale, a piece oversold or a request failed, or
if the demo could not run; 2 for a wrong option; 130 after Ctrl-C.`

/** @throws TypeError that names an option which does not exist. */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      services: { type: 'boolean', default: false },
      report: { type: 'string', default: 'larder-report.html' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { help, ...options } = values
  return help ? 'help' : options
}
