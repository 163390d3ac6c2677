// Who may import whom: .dependency-cruiser.mjs. A rule that cannot fail protects nothing, so after the tree itself this
// checks the rules: it plants one violation of each kind in a copy and requires that rule to be reported on that file.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import config from '../.dependency-cruiser.mjs'
import { layers } from './layers.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = ['packages', 'examples', 'bench', 'test']

/** Files that only have to be there for others to import. */
const innocent = [
  [
    'packages/core/src/plan/planted-b.ts',
    () => "import type { Own } from './planted-a.ts'\nexport type Planted = Own\n",
  ],
  ...Object.entries(layers)
    .filter(([, rows]) => rows.length > 0)
    .map(([name, rows]) => [inRoom(rows.at(-1)[0], name), () => 'export type Planted = 1\n']),
]

/** [rule that must be broken, file to write, its text] */
const planted = [
  ['no-cycles', 'packages/core/src/plan/planted-a.ts', take('packages/core/src/plan/planted-b.ts')],
  ...Object.entries(layers).flatMap(([name, rows]) => plantedRooms(name, rows)),
  // Neighbours in one row do not know each other: a key is not a report.
  ['core-room-keys', 'packages/core/src/keys/planted-neighbour.ts', take(inRoom('report'))],
  ['core-knows-no-host', 'packages/core/src/codec/planted-host.ts', take('@prisma/client')],
  ['core-knows-no-host', 'packages/core/src/codec/planted-sibling.ts', take('@larder/prisma')],
  ['pure-rooms-do-no-io', 'packages/core/src/plan/planted-io.ts', take('node:fs/promises')],
  ['pure-rooms-do-no-io', 'packages/core/src/tags/planted-io.ts', take(inRoom('store/'))],
  ['pure-rooms-do-no-io', 'packages/core/src/keys/planted-io.ts', take('node:net')],
  ['host-prisma', 'packages/prisma/src/planted-inside.ts', take(inRoom('base'))],
  ['host-prisma', 'packages/prisma/src/planted-other.ts', take('pg')],
  ['host-drizzle', 'packages/drizzle/src/planted.ts', take('@prisma/client')],
  ['host-valkey', 'packages/valkey/src/planted.ts', take('drizzle-orm')],
  ['host-structures', 'packages/structures/src/planted.ts', take('iovalkey')],
  ['structures-load-no-engine', 'packages/structures/src/planted-engine.ts', take('@larder/core')],
  ['host-doctor', 'packages/doctor/src/planted.ts', take('iovalkey')],
  ['testing-is-for-tests', 'packages/core/src/codec/planted-testing.ts', take('@larder/testing')],
  ['published-names-only', 'examples/planted/main.ts', take(inRoom('base'))],
  ['published-names-only', 'bench/planted.ts', take(inRoom('base'))],
  ['published-names-only', 'test/planted.ts', take(inRoom('base'))],
  ['declared-dependencies-only', 'packages/core/src/codec/planted-dev.ts', take('fast-check')],
]

function inRoom(room, name = 'core') {
  return `packages/${name}/src/${room.replace('/', '')}/planted.ts`
}

/** Every room but those of the highest row reaches up by one row, and a file lies in no room. */
function plantedRooms(name, rows) {
  if (rows.length === 0) return []
  const up = rows
    .slice(0, -1)
    .flatMap((row, level) =>
      row.map((room) => [
        `${name}-room-${room.replace('/', '')}`,
        inRoom(room, name),
        take(inRoom(rows[level + 1][0], name)),
      ]),
    )
  const nowhere = `packages/${name}/src/planted-nowhere.ts`
  return [...up, [`${name}-has-a-room-for-each-file`, nowhere, take(inRoom(rows[0][0], name))]]
}

/** A type import, since those must count too. A path is imported relative to the file that will hold it. */
function take(what) {
  return (file) => {
    const up = '../'.repeat(file.split('/').length - 1)
    return `import type { Planted } from '${what.startsWith('packages/') ? up + what : what}'\nexport type Own = Planted\n`
  }
}

/** What dependency-cruiser says about the tree in `folder`: how many sources it read, and what is broken where. */
function cruise(folder) {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const options = ['--config', join(root, '.dependency-cruiser.mjs'), '--output-type', 'json']
  const there = folders.filter((each) => existsSync(join(folder, each)))
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...options, ...there], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser gave no report\n${stderr}`)
  const { summary, modules } = JSON.parse(stdout)
  const read = modules.filter(({ source }) => source.startsWith('packages/') && source.endsWith('.ts'))
  return {
    read: read.length,
    broken: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
  }
}

/** A copy in which `@larder/*` means the copied packages, and every other dependency the installed one. */
function copyTree(folder) {
  const skipped = /(^|\/)(node_modules|dist|\.tsbuildinfo)$/
  for (const each of folders.filter((name) => existsSync(join(root, name)))) {
    cpSync(join(root, each), join(folder, each), { recursive: true, filter: (path) => !skipped.test(path) })
  }
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(root, file), join(folder, file))
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@larder'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@larder') symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  for (const name of readdirSync(join(folder, 'packages'))) {
    symlinkSync(join(folder, 'packages', name), join(modules, '@larder', name))
  }
}

/** The violations of the tree as it is. */
function checkTree() {
  const { read, broken } = cruise(root)
  if (read === 0)
    throw new Error('dependency-cruiser read no TypeScript file of packages/: the rules check nothing')
  for (const each of broken) console.error(each)
  console.log(`${read} TypeScript files of packages/ read, ${broken.length} imports against the rules`)
  return broken.length === 0
}

/** Plants them all at once, in files of their own, and looks for what was not caught. */
function checkRules() {
  const folder = mkdtempSync(join(tmpdir(), 'larder-rules-'))
  try {
    copyTree(folder)
    for (const [file, text] of [...innocent, ...planted.map(([, ...rest]) => rest)]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text(file))
    }
    const { broken } = cruise(folder)
    const missed = planted.filter(
      ([rule, file]) => !broken.some((each) => each.startsWith(`${rule}: ${file} `)),
    )
    const untried = config.forbidden.filter(({ name }) => !planted.some(([rule]) => rule === name))
    for (const [rule, file] of missed) console.error(`not caught: ${rule} in ${file}`)
    for (const { name } of untried) console.error(`no violation is planted for ${name}`)
    console.log(`${planted.length - missed.length} of ${planted.length} planted violations caught`)
    return missed.length + untried.length === 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const results = [checkTree(), checkRules()]
if (results.includes(false)) process.exitCode = 1
