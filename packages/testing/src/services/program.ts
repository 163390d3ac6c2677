import { accessSync, constants, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Surroundings } from './service.ts'

/** The full path of the first of `names` that can be run, or undefined. Newer versions of a folder come first. */
export function findProgram(names: readonly string[], { env, folders }: Surroundings): string | undefined {
  const searched = [
    ...(env.PATH ?? '').split(delimiter).filter(Boolean),
    ...folders.flatMap((folder) => (folder.includes('*') ? newestFirst(globSync(folder)) : [folder])),
  ]
  for (const folder of searched) {
    for (const name of names) {
      const path = join(folder, name)
      if (canRun(path)) return path
    }
  }
  return undefined
}

const newestFirst = (paths: readonly string[]): string[] =>
  paths.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
