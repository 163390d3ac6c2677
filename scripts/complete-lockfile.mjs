// A registry mirror may hold only this machine's binaries. `npm install` then leaves the other platforms' optional
// packages out of the lockfile, and `npm ci` refuses it, here and everywhere else. This puts the missing entries back
// from what the locked packages themselves declare. Runs after every install; `--check` only reports.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)

const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'win32',
  'openbsd',
  'netbsd',
  'sunos',
  'aix',
  'openharmony',
]
const processors = [
  'arm64',
  'x64',
  'ia32',
  'arm',
  'ppc64',
  'riscv64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
]
const spelledOtherwise = { windows: 'win32', gnueabihf: 'arm', musleabihf: 'arm', 64: 'x64' }
/** Names that do not say for which platform they are. */
const known = { fsevents: { os: ['darwin'] } }

/** `@swc/core-linux-arm64-musl` → `{ os: ['linux'], cpu: ['arm64'], libc: ['musl'] }` */
function platformOf(name) {
  if (known[name]) return known[name]
  const words = name.split(/[^a-z0-9]+/).map((word) => spelledOtherwise[word] ?? word)
  const os = systems.find((each) => words.includes(each))
  const cpu = processors.find((each) => words.includes(each))
  if (!os && !cpu) return undefined
  const libc = words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : undefined
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(libc && { libc: [libc] }),
    // A WebAssembly build names no system; npm must still not install it where nobody asked for it.
    ...(os && { os: [os] }),
  }
}

/** The path at which `name` is found when it is asked for from `from`, walking up as Node does. */
function resolve(packages, from, name) {
  for (let folder = from; ; ) {
    const path = `${folder ? `${folder}/` : ''}node_modules/${name}`
    if (packages[path]) return path
    if (folder === '') return undefined
    const parent = folder.lastIndexOf('/node_modules/')
    folder = parent < 0 ? '' : folder.slice(0, parent)
  }
}

/** Adds what is missing to `packages` and returns the paths added. */
export function complete(packages) {
  const added = []
  for (const [path, owner] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(owner.optionalDependencies ?? {})) {
      const version = range.replace(/^[\^~=v]+/, '')
      const found = resolve(packages, path, name)
      const platform = platformOf(name)
      // A package for every platform that npm did resolve is npm's own business, whatever version it chose.
      if (found && (!platform || packages[found].version === version || range !== version)) continue
      if (!platform)
        throw new Error(`${path} wants the optional ${name}@${range}, which is not in the lockfile and
names no platform. Look it up and add it to 'known' in scripts/complete-lockfile.mjs.`)
      const place = found ? `${path}/node_modules/${name}` : `node_modules/${name}`
      packages[place] = {
        version,
        ...(platform.cpu && { cpu: platform.cpu }),
        ...(owner.dev && { dev: true }),
        ...(owner.devOptional && { devOptional: true }),
        ...(platform.libc && { libc: platform.libc }),
        optional: true,
        ...(platform.os && { os: platform.os }),
      }
      added.push(`${place}@${version}`)
    }
  }
  return added
}

const lock = JSON.parse(readFileSync(file, 'utf8'))
const hosts = Object.values(lock.packages).filter((each) => each.resolved?.includes('://'))
const added = complete(lock.packages)

if (process.argv.includes('--check')) {
  for (const each of added) console.error(`missing from package-lock.json: ${each}`)
  for (const each of hosts) console.error(`package-lock.json names a registry host: ${each.resolved}`)
  if (added.length + hosts.length > 0) {
    console.error('Run: node scripts/complete-lockfile.mjs')
    process.exit(1)
  }
  console.log('package-lock.json is complete for every platform and names no registry host')
} else if (added.length + hosts.length > 0) {
  for (const each of hosts) delete each.resolved
  const inOrder = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
  lock.packages = Object.fromEntries(inOrder)
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`package-lock.json: ${added.length} entries added for other platforms`)
}
