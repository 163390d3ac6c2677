import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Connection, driver, reasonOf, unreachable } from '../connection.ts'
import { Mistake } from '../mistake.ts'
import { DRIVERS, isAbsent, type Opened, overLibsql } from './drivers.ts'
import { readSqlite } from './read-catalogue.ts'

/** Opens a SQLite file, or a libSQL server. @throws Mistake saying why it cannot. */
export async function connectSqlite(url: string): Promise<Connection> {
  const [name, opened] = /^(?:libsql|wss?|https?):/i.test(url) ? await remote(url) : await local(fileOf(url))
  return {
    async readCatalogue() {
      try {
        return await readSqlite(opened.query, name)
      } catch (error) {
        throw unreachable(error)
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
    throw new Mistake(
      'a database in memory is seen by nobody else: give the path of a file, such as file:./app.db',
    )
  if (!existsSync(file))
    throw new Mistake(
      `there is no file ${file}: paths are relative to where the command runs, ${process.cwd()}`,
    )
  return file
}

async function remote(url: string): Promise<readonly [string, Opened]> {
  await driver('@libsql/client', () => import('@libsql/client'))
  try {
    return ['@libsql/client', await overLibsql(url, process.env.TURSO_AUTH_TOKEN)]
  } catch (error) {
    throw unreachable(error)
  }
}

async function local(file: string): Promise<readonly [string, Opened]> {
  for (const [name, open] of Object.entries(DRIVERS)) {
    try {
      return [name, await open(file)]
    } catch (error) {
      if (!isAbsent(error)) throw unreachable(`${file}: ${reasonOf(error)} (${name})`)
    }
  }
  throw new Mistake(
    'no driver of SQLite is installed beside @larder/doctor: npm install --save-dev better-sqlite3',
  )
}
