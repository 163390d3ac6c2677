// Checks what would be published, not what lies in the tree: packs each public package, lets publint and attw look at
// the tarball, looks for every file that its code and its pages name, then installs all tarballs into an empty project.
// There it imports and requires every entry on the oldest and on this Node, in Jest and in a minified bundle, compiles an
// application under each module setting, and prints what each package costs. Build first.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { checkBudgets } from './packages/budgets.mjs'
import { checkMinified } from './packages/minified.mjs'
import { checkEntries, checkJest } from './packages/programs.mjs'
import { checkTypes } from './packages/types.mjs'
import { bin, install, pack, peersOf, publicPackages, read, root, run } from './packing.mjs'

/** The tools of applications. TypeScript 5 is the last one with `moduleResolution: node`. */
const TOOLS = {
  '@swc/core': '1.16.22',
  '@swc/jest': '0.2.39',
  '@types/node': '24.19.2',
  esbuild: '0.28.2',
  jest: '30.5.2',
  // Imported by drizzle-orm, and never connected.
  pg: read(join(root, 'package.json')).devDependencies.pg,
  // The oldest Node that is supported.
  [`node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`]: '22.12.0',
  'typescript-5': 'npm:typescript@5.9.3',
}

/** Every file that `exports` or `bin` of a package names. */
function namedFiles(value) {
  if (typeof value === 'string') return [value]
  return Object.values(value ?? {}).flatMap(namedFiles)
}

/** The names by which a package's code is imported: its own, and those of its further entries. */
function entriesOf({ name, exports }) {
  const paths = Object.keys(exports).filter((path) => !path.endsWith('.json'))
  return paths.map((path) => posix.join(name, path))
}

/** What npm shows beside a package. The repository is named once, in package.json of the root. */
function checkFields({ folder, json }) {
  const { homepage, repository, bugs } = read(join(root, 'package.json'))
  const path = posix.join('packages', folder.slice(join(root, 'packages').length))
  const wanted = {
    homepage: homepage.replace('#', `/tree/main/${path}#`),
    repository: { ...repository, directory: path },
    bugs,
    main: json.exports['.'].default,
    types: json.exports['.'].types,
  }
  for (const [name, value] of Object.entries(wanted))
    if (JSON.stringify(json[name]) !== JSON.stringify(value))
      throw new Error(`${json.name}: ${name} of package.json should be ${JSON.stringify(value)}`)
}

function checkFiles({ json, files }) {
  const packed = new Set(files)
  const promised = [...namedFiles(json.exports), ...namedFiles(json.bin), json.main, json.types]
  const needed = [...promised.map((file) => posix.normalize(file)), 'README.md', 'LICENSE', 'CAVEATS.md']
  const absent = needed.filter((file) => !packed.has(file))
  const surplus = files.filter((file) => /\.test\.|tsbuildinfo|^test\//.test(file))
  if (absent.length > 0)
    throw new Error(`${json.name}: the tarball lacks ${absent.join(', ')} (build first?)`)
  if (surplus.length > 0) throw new Error(`${json.name}: the tarball should not hold ${surplus.join(', ')}`)
}

/** A page that an error, a warning or a comment names (`CAVEATS.md`, `docs/valkey.md, “Troubleshooting”`) is in the tarball. */
function checkNamedPages({ folder, json, files }) {
  for (const file of files.filter((name) => /^(?:dist|bin)\/.*\.js$/.test(name))) {
    const text = readFileSync(join(folder, file), 'utf8')
    for (const [, page, heading] of text.matchAll(/([\w./-]+\.md)\b(?:[^“\n]{0,20}“([^”]+)”)?/g)) {
      if (!files.includes(page))
        throw new Error(`${json.name}: ${file} names ${page}, which the tarball lacks`)
      if (heading && !headings(join(folder, page)).includes(heading))
        throw new Error(`${json.name}: ${file} names “${heading}” of ${page}, which has no such heading`)
    }
  }
}

const headings = (page) =>
  [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading)
/** As GitHub makes an anchor of a heading. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

/** Links between pages lead to what is there. README.md is shown on its page, and links from its place in the repository. */
function checkLinks({ folder, json, files }) {
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    const text = readFileSync(join(folder, file), 'utf8')
    for (const [, path, anchor] of text.matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      const target = path ? posix.join(posix.dirname(file), path) : file
      const page = target.startsWith('..')
        ? join(folder, target)
        : files.includes(target) && join(folder, target)
      if (!page) throw new Error(`${json.name}: ${file} links to ${path}, which the tarball lacks`)
      if (anchor && !headings(page).some((heading) => anchorOf(heading) === anchor))
        throw new Error(`${json.name}: ${file} links to #${anchor} of ${target}, which has no such heading`)
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'larder-packages-'))
try {
  const packed = publicPackages.map((each) => pack(each, folder))
  for (const each of packed) {
    const { json, tarball } = each
    for (const check of [checkFields, checkFiles, checkNamedPages, checkLinks]) check(each)
    process.stdout.write(run(join(bin, 'publint'), ['run', tarball, '--strict'], root))
    // Node 22.12 is the oldest we support and requires ES modules, so one format is enough. TypeScript's oldest way of
    // resolving (node10) must find the types all the same.
    run(
      join(bin, 'attw'),
      [tarball, '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'ascii', '--no-emoji'],
      root,
    )
    console.log(`${json.name}: the tarball holds what package.json, the code and the pages promise`)
  }

  const empty = join(folder, 'project')
  mkdirSync(empty)
  const dependencies = {
    ...TOOLS,
    ...peersOf(packed),
    ...Object.fromEntries(packed.map(({ json, tarball }) => [json.name, `file:${tarball}`])),
  }
  writeFileSync(join(empty, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  install(empty)
  const entries = packed.flatMap(({ json }) => entriesOf(json))
  checkEntries(empty, entries)
  checkJest(empty, entries)
  checkMinified(empty)
  checkTypes(empty)
  checkBudgets(empty, packed)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
