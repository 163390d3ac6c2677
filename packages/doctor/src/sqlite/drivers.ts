import type { Query, Row } from '../query.ts'

/** A database that was opened. */
export interface Opened {
  readonly query: Query
  close(): void
}

/**
 * Drivers of files, the first that is installed is taken: it is the application's, and a new connection of it begins as
 * the application's do. Each rejects with the module loader's error where it is not there.
 */
export const DRIVERS: Readonly<Record<string, (file: string) => Promise<Opened>>> = {
  'better-sqlite3': async (file) => {
    const { default: Database } = await import('better-sqlite3')
    const db = new Database(file, { readonly: true, fileMustExist: true })
    return { query: async (sql) => db.prepare(sql).all() as readonly Row[], close: () => db.close() }
  },
  '@libsql/client': (file) => overLibsql(`file:${file}`),
  'node:sqlite': async (file) => {
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(file, { readOnly: true })
    return { query: async (sql) => db.prepare(sql).all(), close: () => db.close() }
  },
}

/** Of a file, or of a server with the token in its URL or else given. */
export async function overLibsql(url: string, authToken?: string): Promise<Opened> {
  const { createClient } = await import('@libsql/client')
  const client = createClient({ url, ...(authToken && { authToken }) })
  return { query: async (sql) => (await client.execute(sql)).rows, close: () => client.close() }
}

/** True for a package, or its binary part, that is not there. */
export function isAbsent(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return ABSENT.has(String(code)) || /Could not locate the bindings file/.test(String(message))
}

const ABSENT = new Set([
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
  'ERR_UNKNOWN_BUILTIN_MODULE',
  'ERR_DLOPEN_FAILED',
])
