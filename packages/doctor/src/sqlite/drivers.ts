import type { Query, Row } from '../query.ts'

/** An open database. */
export interface Opened {
  readonly query: Query
  close(): void
}

/**
 * Drivers for files. The first installed one is used: it is the application's, so its new connections have the same settings.
 * Each rejects with the module loader's error if it is not installed.
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

/** Opens a file, or connects to a server with the token in its URL or in `token`. */
export async function overLibsql(url: string, authToken?: string): Promise<Opened> {
  const { createClient } = await import('@libsql/client')
  const client = createClient({ url, ...(authToken && { authToken }) })
  return { query: async (sql) => (await client.execute(sql)).rows, close: () => client.close() }
}

/** True for the error of a package, or of its binary, that is not installed. */
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
