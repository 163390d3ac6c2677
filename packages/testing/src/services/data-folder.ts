import { accessSync, constants, mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system in memory. Containers often have a small one. */
const MEMORY = '/dev/shm'

/** What several servers may need at once, in bytes. */
const ENOUGH = 3 * 2 ** 30

/**
 * Creates a folder for the files of a database: in memory if there is room, otherwise among the temporary files. A database
 * of PostgreSQL is some 300 files. Creating and removing them on a disk took five times as long. SQLite waits for the disk
 * with each write.
 * @param memory a folder on a file system in memory, which may be missing.
 * @param enough how many bytes have to be free there.
 */
export function makeDataFolder(name: string, memory: string = MEMORY, enough: number = ENOUGH): string {
  return mkdtempSync(join(hasRoom(memory, enough) ? memory : tmpdir(), `larder-${name}-`))
}

function hasRoom(folder: string, enough: number): boolean {
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= enough
  } catch {
    return false
  }
}
