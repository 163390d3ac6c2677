import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import type { PGlite } from '@electric-sql/pglite'

/** An empty PGlite in memory: what `PGlite.create()` returns, in a third of the time. */
export async function startPglite(): Promise<PGlite> {
  // Only here: most of who imports this package starts no PGlite.
  const { PGlite } = await import('@electric-sql/pglite')
  return PGlite.create({ loadDataDir: await emptyPglite() })
}

/**
 * The files of an empty PGlite, for its option `loadDataDir`. They are made once for each version of PGlite and kept under
 * `node_modules/.cache`.
 */
export async function emptyPglite(): Promise<Blob> {
  const { PGlite } = await import('@electric-sql/pglite')
  const folder = new URL('../../../../node_modules/.cache/larder/', import.meta.url)
  const { version } = JSON.parse(
    await readFile(new URL('../package.json', import.meta.resolve('@electric-sql/pglite')), 'utf8'),
  ) as { readonly version: string }
  const copy = new URL(`pglite-${version}.tar`, folder)
  const saved = await readFile(copy).catch(() => undefined)
  if (saved) return new Blob([saved])
  const pglite = await PGlite.create()
  const data = Buffer.from(await (await pglite.dumpDataDir('none')).arrayBuffer())
  await pglite.close()
  await mkdir(folder, { recursive: true })
  // Several processes may make one at the same time. A reader finds a whole one or none.
  const unfinished = new URL(`pglite-${version}.${process.pid}`, folder)
  await writeFile(unfinished, data)
  await rename(unfinished, copy)
  return new Blob([data])
}
