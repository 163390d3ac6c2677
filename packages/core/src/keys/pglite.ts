import type { ConnectionSource } from './connection.ts'
import { connectionByParsers } from './parsers.ts'
import { filePlace, objectPlace } from './place.ts'

/** A PGlite, as far as it is touched here. */
interface Pglite {
  readonly dataDir?: unknown
  readonly ready?: unknown
  readonly waitReady?: PromiseLike<unknown>
  readonly parsers?: Readonly<Record<number, unknown>>
  /** Once it is ready: with the user and the database it was opened with. */
  readonly mod?: { readonly ENV?: Readonly<Record<string, unknown>> }
}

/** What a PGlite reads: a folder is a database that other processes may open later; in memory each object is one. */
export function pgliteConnection(client: object, settings: readonly string[] = []): ConnectionSource {
  const pglite = client as Pglite
  const folder = folderOf(pglite.dataDir)
  const current = connectionByParsers(pglite, false, (parsers) => {
    const { ENV } = pglite.mod ?? {}
    const place = folder === undefined ? objectPlace(client) : `${folder}/${String(ENV?.PGDATABASE ?? '')}`
    const user = folder === undefined ? [] : [`user=${String(ENV?.PGUSER ?? '')}`]
    return { place, hidden: false, settings: [...user, ...settings, parsers] }
  })
  return {
    // User and database are known once it is ready.
    current: (thorough) => (folder !== undefined && !pglite.mod?.ENV ? undefined : current(thorough)),
    ...(folder !== undefined && pglite.waitReady && { whenKnown: pglite.waitReady }),
  }
}

function folderOf(dataDir: unknown): string | undefined {
  if (typeof dataDir !== 'string' || dataDir === '' || dataDir.startsWith('memory://')) return undefined
  return dataDir.includes('://') && !dataDir.startsWith('file:')
    ? `pglite:${dataDir}`
    : filePlace('pglite', dataDir)
}
