import { mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system in memory. Containers often have a small one. */
const MEMORY = '/dev/shm'

/** What several servers may need at once, in bytes. */
const ENOUGH = 3 * 2 ** 30

/**
 * Makes a folder for the data of a server: in memory where there is room. A database is some 300 files, and on a disk's
 * file system making and removing them took four fifths of the time of PostgreSQL in a test run.
 * @param memory where that room would be. The folder is among the temporary files if there is too little, or no such place.
 */
export function makeDataFolder(name: string, memory: string = MEMORY): string {
  return mkdtempSync(join(hasRoom(memory) ? memory : tmpdir(), `larder-${name}-`))
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= ENOUGH
  } catch {
    return false
  }
}
