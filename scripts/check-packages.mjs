// Checks what would be published, not what lies in the tree: packs each public package, lets publint and attw look at
// the tarball, then installs all tarballs into an empty project and imports them there by name.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules/.bin')
const windows = process.platform === 'win32'

const read = (file) => JSON.parse(readFileSync(file, 'utf8'))
const run = (program, parameters, cwd) =>
  execFileSync(program, parameters, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: windows,
  })

/** Every file that `exports` or `bin` of a package names. */
function namedFiles(value) {
  if (typeof value === 'string') return [value]
  return Object.values(value ?? {}).flatMap(namedFiles)
}

const packages = readdirSync(join(root, 'packages'))
  .map((name) => ({
    folder: join(root, 'packages', name),
    json: read(join(root, 'packages', name, 'package.json')),
  }))
  .filter(({ json }) => !json.private)

function pack({ folder, json }, into) {
  const [report] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', into], folder))
  const packed = new Set(report.files.map(({ path }) => `./${path}`))
  const needed = [...namedFiles(json.exports), ...namedFiles(json.bin), './README.md', './LICENSE']
  const absent = needed.filter((file) => !packed.has(file))
  const surplus = [...packed].filter((file) => /\.test\.|tsbuildinfo|\/test\//.test(file))
  if (absent.length > 0)
    throw new Error(`${json.name}: the tarball lacks ${absent.join(', ')} (build first?)`)
  if (surplus.length > 0) throw new Error(`${json.name}: the tarball should not hold ${surplus.join(', ')}`)
  return join(into, report.filename)
}

const folder = mkdtempSync(join(tmpdir(), 'larder-packages-'))
try {
  const tarballs = packages.map((each) => ({ ...each, tarball: pack(each, folder) }))
  for (const { json, tarball } of tarballs) {
    process.stdout.write(run(join(bin, 'publint'), ['run', tarball, '--strict'], root))
    // Node 22 is the oldest we support and imports ES modules from CommonJS too, so one format is enough.
    run(join(bin, 'attw'), [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'], root)
    console.log(`${json.name}: the tarball holds what package.json promises`)
  }

  const empty = join(folder, 'project')
  mkdirSync(empty)
  // A peer is the reader's own, here in the version this repository is tested with; one that is optional is not there.
  const tested = read(join(root, 'package.json')).devDependencies
  const peers = tarballs.flatMap(({ json }) =>
    Object.keys(json.peerDependencies ?? {}).filter((name) => !json.peerDependenciesMeta?.[name]?.optional),
  )
  const dependencies = Object.fromEntries([
    ...peers.filter((name) => tested[name]).map((name) => [name, tested[name]]),
    ...tarballs.map(({ json, tarball }) => [json.name, `file:${tarball}`]),
  ])
  writeFileSync(join(empty, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'], empty)
  for (const { json } of tarballs) {
    const script = `const names = Object.keys(await import('${json.name}'))
      if (names.length === 0) throw new Error('nothing is exported')
      console.log('${json.name} installs and imports: ' + names.join(', '))`
    process.stdout.write(run(process.execPath, ['--input-type=module', '--eval', script], empty))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
