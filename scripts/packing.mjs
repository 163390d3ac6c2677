// The public packages, packed as they would be published. For the scripts that check them.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const bin = join(root, 'node_modules/.bin')

export const read = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** Runs a program and returns what it printed. It throws where the program fails, and where it takes longer than two minutes. */
export const run = (program, parameters, cwd, options = {}) =>
  execFileSync(program, parameters, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
    timeout: 120_000,
    ...options,
  })

export const publicPackages = readdirSync(join(root, 'packages'))
  .map((name) => ({
    folder: join(root, 'packages', name),
    json: read(join(root, 'packages', name, 'package.json')),
  }))
  .filter(({ json }) => !json.private)

/** Packs one of them into the folder `into`: the tarball, the paths of the files in it, and their size in bytes. */
export function pack({ folder, json }, into) {
  const [report] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', into], folder))
  const files = report.files.map(({ path }) => path)
  return { folder, json, tarball: join(into, report.filename), files, unpackedSize: report.unpackedSize }
}

/** What an application has beside our packages: every peer that is not optional, in the version this repository is tested with. */
export function peersOf(packages) {
  const tested = read(join(root, 'package.json')).devDependencies
  const names = packages.flatMap(({ json }) =>
    Object.keys(json.peerDependencies ?? {}).filter((name) => !json.peerDependenciesMeta?.[name]?.optional),
  )
  return Object.fromEntries(names.filter((name) => tested[name]).map((name) => [name, tested[name]]))
}

/** Installs what package.json of a folder names, without running a script of any package. */
export const install = (folder, ...options) =>
  run(
    'npm',
    ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...options],
    folder,
    { timeout: 300_000 },
  )
