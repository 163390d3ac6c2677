import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const system = '/etc/apt'

/**
 * Installs a Debian package, from backports where the release itself has none. The machine's own list of sources
 * stays as it is: backports are added to a copy that only this call reads.
 */
export async function installDebianPackage(name: string): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'larder-apt-'))
  try {
    await apt(['update'])
    if (await offered(name, [])) return await install(name, [])
    const options = withBackports(copy)
    await apt([...options, 'update'])
    await install(name, [...options, '--target-release', `${release()}-backports`])
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function withBackports(copy: string): string[] {
  const parts = join(copy, 'sources.list.d')
  if (existsSync(`${system}/sources.list.d`)) cpSync(`${system}/sources.list.d`, parts, { recursive: true })
  mkdirSync(parts, { recursive: true })
  mkdirSync(join(copy, 'lists/partial'), { recursive: true })
  writeFileSync(
    join(parts, 'larder-backports.sources'),
    `Types: deb
URIs: http://deb.debian.org/debian
Suites: ${release()}-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`,
  )
  return ['-o', `Dir::Etc::SourceParts=${parts}`, '-o', `Dir::State::Lists=${join(copy, 'lists')}`]
}

function release(): string {
  const release = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  if (release === undefined) throw new Error('/etc/os-release names no VERSION_CODENAME')
  return release
}

async function offered(name: string, options: readonly string[]): Promise<boolean> {
  const { stdout } = await execute('apt-cache', [...options, 'policy', name])
  return /Candidate: (?!\(none\))/.test(stdout)
}

const install = (name: string, options: readonly string[]): Promise<void> =>
  apt([...options, 'install', '--yes', '--no-install-recommends', name])

async function apt(parameters: readonly string[]): Promise<void> {
  const command = ['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120', ...parameters]
  // RUNLEVEL=1: the package's own service must not start; the tests run theirs, on their own port.
  const settings = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1']
  const [program = 'env', ...rest] =
    process.getuid?.() === 0
      ? ['env', ...settings, ...command]
      : ['sudo', '-n', 'env', ...settings, ...command]
  await execute(program, rest, { timeout: 300_000, maxBuffer: 1 << 24 })
}
