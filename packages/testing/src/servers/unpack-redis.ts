import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/**
 * Fetches Debian's `redis-server` and what it needs, and unpacks it: nothing is installed, and no service begins to
 * run. Kept in the temporary folder for the next run. Resolves to the program.
 */
export async function unpackRedis(): Promise<string> {
  const folder = join(tmpdir(), `larder-redis-${process.getuid?.() ?? 0}`)
  const program = join(folder, 'run-redis-server')
  if (existsSync(program)) return program
  const fresh = mkdtempSync(`${folder}-`)
  try {
    await fetchPackages(join(fresh, 'archives'))
    for (const archive of globSync(join(fresh, 'archives/*.deb')))
      await execute('dpkg-deb', ['--extract', archive, join(fresh, 'root')])
    writeFileSync(join(fresh, 'run-redis-server'), script, { mode: 0o755 })
    await execute(join(fresh, 'run-redis-server'), ['--version'])
    renameSync(fresh, folder)
  } catch (error) {
    // Somebody else's, unpacked at the same time, will do.
    if (!existsSync(program)) throw error
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return program
}

// Becomes the server: whoever kills this process kills that one.
const script = `#!/bin/sh
root=$(dirname "$0")/root
export LD_LIBRARY_PATH="$(echo "$root"/usr/lib/*-linux-*)"
exec "$root/usr/bin/redis-server" "$@"
`

async function fetchPackages(archives: string): Promise<void> {
  mkdirSync(join(archives, 'partial'), { recursive: true })
  const options = ['-qq', '-o', `Dir::Cache::archives=${archives}`, '-o', 'Debug::NoLocking=1']
  const install = ['install', '--yes', '--no-install-recommends', '--download-only', 'redis-server']
  const run = (command: readonly string[]): Promise<unknown> =>
    execute('apt-get', command, { timeout: 120_000, maxBuffer: 1 << 24 })
  await run([...options, ...install]).catch(async () => {
    // The lists of packages may be missing or old; a job that is not root may not renew them.
    if (process.getuid?.() === 0) await run(['-qq', 'update'])
    else await execute('sudo', ['-n', 'apt-get', '-qq', 'update'], { timeout: 120_000 })
    await run([...options, ...install])
  })
}
