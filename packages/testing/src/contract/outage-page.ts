import { readFileSync } from 'node:fs'
import { LIBSQL, MYSQL, NETWORK, NODE_POSTGRES, type OutageSign, POSTGRES, SQLITE } from '@larder/core/host'

/** Tables of signs, by their headings on the page. */
export type OutageTables = Readonly<Record<string, readonly OutageSign[]>>

/** The tables that several drivers share. */
export const SHARED_OUTAGE_TABLES: OutageTables = {
  Network: NETWORK,
  PostgreSQL: POSTGRES,
  'node-postgres': NODE_POSTGRES,
  'MySQL and MariaDB': MYSQL,
  SQLite: SQLITE,
  'libSQL over a server': LIBSQL,
}

/** The rows of the table below a heading of `docs/unreachable-database.md`. */
export function outagePageRows(heading: string): readonly string[] {
  const page = new URL('../../../../docs/unreachable-database.md', import.meta.url)
  const lines = readFileSync(page, 'utf8').split('\n')
  const begin = lines.indexOf(`### ${heading}`) + 1
  const end = lines.findIndex((line, at) => at >= begin && line.startsWith('#'))
  const section = begin === 0 ? [] : lines.slice(begin, end === -1 ? undefined : end)
  return section.filter((line) => line.startsWith('|')).slice(2)
}

const quoted = (texts: readonly (string | number)[]): string => texts.map((text) => `\`${text}\``).join(', ')

/** A sign, as the page shows it. */
export function outageSignRow({ codes, message, beginnings, statuses, fatal, meaning }: OutageSign): string {
  const shown = [
    ...(codes ? [quoted(codes)] : []),
    ...(fatal ? ['not with severity `ERROR`'] : []),
    ...(statuses ? [`HTTP status ${quoted(statuses)}`] : []),
    ...(message === undefined ? [] : [`text ${quoted([message])}`]),
    ...(beginnings ? [`text beginning with ${quoted(beginnings)}`] : []),
  ]
  return `| ${shown.join('; ')} | ${meaning} |`
}

/** The row of a driver in the list of drivers: the tables whose signs it has. */
export function outageDriverRow(driver: string, signs: readonly OutageSign[], own: OutageTables): string {
  const tables = Object.entries({ ...SHARED_OUTAGE_TABLES, ...own }).filter(([, table]) =>
    table.every((sign) => signs.includes(sign)),
  )
  const listed = new Set(tables.flatMap(([, table]) => table))
  if (signs.some((sign) => !listed.has(sign))) throw new Error(`a sign of ${driver} stands in no table`)
  const links = tables.map(([heading]) => `[${heading}](#${anchorOf(heading)})`)
  return `| ${driver} | ${links.join(', ') || 'none: the database runs in this process'} |`
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}
