import type { SqlDialect } from '@larder/core/host'
import type { Catalogue } from './catalogue.ts'
import { Mistake } from './mistake.ts'

/** A connection that reads and changes nothing. */
export interface Connection {
  readCatalogue(): Promise<Catalogue>
  close(): Promise<void>
}

/** Longest that connecting, or one statement, may take (ms). */
export const PATIENCE = 10_000

/** Which database a URL is of; a path is SQLite's. @throws Mistake for any other. */
export function dialectOf(url: string): SqlDialect {
  const [, scheme = ''] = /^([a-z][a-z\d+.-]+):/i.exec(url) ?? []
  if (/^postgres(?:ql)?$/i.test(scheme)) return 'postgres'
  if (/^(?:mysql2?|mariadb)$/i.test(scheme)) return 'mysql'
  if (/^(?:file|sqlite|libsql|wss?|https?)$/i.test(scheme) || (!scheme && /[/\\.]/.test(url))) return 'sqlite'
  throw new Mistake(
    `${scheme ? `${scheme}: is a database that doctor does not know` : 'the URL of the database has no scheme'}: give postgresql://…, mysql://… (MariaDB too), file:… or libsql://…`,
  )
}

/** Loads a package when it is needed. @throws Mistake naming the command that installs it, or what it needs itself. */
export async function driver<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code !== 'ERR_MODULE_NOT_FOUND') throw new Mistake(`${name} cannot be loaded: ${reasonOf(error)}`)
    const [, missing = name] = /^Cannot find package '([^'/.][^']*)'/.exec(reasonOf(error)) ?? []
    throw new Mistake(`${missing} is not installed beside @larder/doctor: npm install --save-dev ${missing}`)
  }
}

/** Why a database could not be reached or asked. */
export function unreachable(error: unknown): Mistake {
  return new Mistake(`the database cannot be reached: ${reasonOf(error)}`)
}

/** A message, also of an error that only gathers others (several addresses that refuse). */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(reasonOf).join('; ')
  if (error instanceof Error) return error.message || String((error as { code?: unknown }).code ?? error.name)
  return String(error)
}
