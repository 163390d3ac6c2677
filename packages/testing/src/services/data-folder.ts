import { mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system in memory. Containers often have a small one. */
const MEMORY = '/dev/shm'

/** What several servers may need at once, in bytes. */
const ENOUGH = 3 * 2 ** 30

/**
 * Makes a folder for the files of a database: in memory where there is room. A database of PostgreSQL is some 300 files;
 * on a disk, making and removing them took five times as long. SQLite waits for the disk with each write.
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
