import type { SqlDialect } from '@larder/core/host'
import type { Catalogue } from './catalogue.ts'
import { DoctorError } from './doctor-error.ts'

/** A connection to a database. It changes nothing. */
export interface Connection {
  /** Reads tables, keys, triggers and settings. @throws Error with the database's reason. */
  readCatalogue(): Promise<Catalogue>
  close(): Promise<void>
}

/** Longest duration of connecting, and of each statement (ms). */
export const TIMEOUT = 10_000

/** The dialect of a URL. A path means SQLite. @throws DoctorError for an unknown scheme. */
export function dialectOf(url: string): SqlDialect {
  const [, scheme = ''] = /^([a-z][a-z\d+.-]+):/i.exec(url) ?? []
  if (/^postgres(?:ql)?$/i.test(scheme)) return 'postgres'
  if (/^(?:mysql2?|mariadb)$/i.test(scheme)) return 'mysql'
  if (/^(?:file|sqlite|libsql|wss?|https?)$/i.test(scheme) || (!scheme && /[/\\.]/.test(url))) return 'sqlite'
  throw new DoctorError(
    `${scheme ? `the doctor does not support ${scheme}://` : 'the URL of the database has no scheme'}: give postgresql://…, mysql://… (MariaDB too), file:… or libsql://…`,
  )
}

/** Loads a package that is needed. @throws DoctorError with the command that installs it, or one of its dependencies. */
export async function loadPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code !== 'ERR_MODULE_NOT_FOUND') throw new DoctorError(`${name} cannot be loaded: ${reasonOf(error)}`)
    const [, missing = name] = /^Cannot find package '([^'/.][^']*)'/.exec(reasonOf(error)) ?? []
    throw new DoctorError(
      `${missing} is not installed beside @larder/doctor: npm install --save-dev ${missing}`,
    )
  }
}

/** The error for a database that cannot be reached. */
export function unreachableDatabase(error: unknown): DoctorError {
  return new DoctorError(`the database cannot be reached: ${reasonOf(error)}`)
}

/** The message of an error, also of one that only collects others (several addresses that refuse). */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return error.errors.map(reasonOf).join('; ')
  if (error instanceof Error) return error.message || String((error as { code?: unknown }).code ?? error.name)
  return String(error)
}
