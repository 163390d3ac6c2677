import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Connection, loadPackage, reasonOf, unreachableDatabase } from '../connection.ts'
import { DoctorError } from '../doctor-error.ts'
import { DRIVERS, isAbsent, type Opened, overLibsql } from './drivers.ts'
import { readSqlite } from './read-catalogue.ts'

/** Opens a SQLite file or connects to a libSQL server. @throws DoctorError with the reason why it cannot. */
export async function connectSqlite(url: string): Promise<Connection> {
  const [name, opened] = /^(?:libsql|wss?|https?):/i.test(url) ? await remote(url) : await local(fileOf(url))
  return {
    async readCatalogue() {
      try {
        return await readSqlite(opened.query, name)
      } catch (error) {
        throw unreachableDatabase(error)
      }
    },
    async close() {
      opened.close()
    },
  }
}

/** A path, relative to where the command runs. */
function fileOf(url: string): string {
  const [path = ''] = url.replace(/^sqlite:/i, 'file:').split('?')
  const file = /^file:\/\//i.test(path)
    ? fileURLToPath(path)
    : decodeURIComponent(path.replace(/^file:/i, ''))
  if (file === ':memory:' || file === '')
    throw new DoctorError(
      'an in-memory database is not visible to the doctor: give the path of a file, such as file:./app.db',
    )
  if (!existsSync(file))
    throw new DoctorError(
      `there is no file ${file}: paths are relative to where the command runs, ${process.cwd()}`,
    )
  return file
}

async function remote(url: string): Promise<readonly [string, Opened]> {
  await loadPackage('@libsql/client', () => import('@libsql/client'))
  try {
    return ['@libsql/client', await overLibsql(url, process.env.TURSO_AUTH_TOKEN)]
  } catch (error) {
    throw unreachableDatabase(error)
  }
}

async function local(file: string): Promise<readonly [string, Opened]> {
  for (const [name, open] of Object.entries(DRIVERS)) {
    try {
      return [name, await open(file)]
    } catch (error) {
      if (!isAbsent(error)) throw unreachableDatabase(`${file}: ${reasonOf(error)} (${name})`)
    }
  }
  throw new DoctorError(
    'no SQLite driver is installed beside @larder/doctor: npm install --save-dev better-sqlite3',
  )
}
