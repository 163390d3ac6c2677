// Type-checks every TypeScript example of the documentation and of the docstrings against the built packages. An example
// is a fence that begins with ```ts. One that begins with ```ts no-check is counted and left out. Names that an example
// does not declare come from scripts/examples/prelude.ts. A message names the line of the page, not of a copy.
// It also checks that the links of docstrings lead to something.
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brokenLinks } from './docstring-links.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = ['README.md', 'CAVEATS.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md']
const docstrings = ['packages/{core,drizzle,prisma,valkey,doctor,structures}/src/**/*.ts']
const OPTIONS = {
  target: 'es2023',
  lib: ['es2024', 'esnext.disposable', 'dom'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
}

const wanted = ({ file }) => !file.includes('node_modules')
const find = (patterns) => patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort()

/** Fences of a page: `{ file, line, text, skipped }`, where `line` counts from 1 and `text` has lost its indentation. */
function fencesOf(file, lines) {
  const found = []
  let open
  for (const [at, line] of lines.entries()) {
    if (open) {
      if (line.trim() === '```') {
        found.push({ ...open, text: open.text.join('\n') })
        open = undefined
      } else open.text.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart())
    } else {
      const begins = /^(\s*)```ts(?:\s+(.*))?$/.exec(line)
      if (begins)
        open = {
          file,
          line: at + 2,
          indent: begins[1],
          skipped: begins[2]?.includes('no-check') ?? false,
          text: [],
        }
    }
  }
  if (open) throw new Error(`${file}:${open.line}: the example is never closed`)
  return found
}

const fencesOfPage = (file) => fencesOf(file, readFileSync(join(root, file), 'utf8').split('\n'))

/** The same lines with everything but the comments of declarations left empty, so that line numbers stay. */
function fencesOfSource(file) {
  let inside = false
  const lines = readFileSync(join(root, file), 'utf8')
    .split('\n')
    .map((line) => {
      if (/^\s*\/\*\*/.test(line)) inside = true
      const text = inside ? line.replace(/^\s*(\/\*\*|\*(?!\/)) ?/, '') : ''
      if (line.includes('*/')) inside = false
      return text.replace(/\s*\*\/$/, '')
    })
  return fencesOf(file, lines)
}

const examples = [...find(pages).flatMap(fencesOfPage), ...find(docstrings).flatMap(fencesOfSource)].filter(
  wanted,
)
const checked = examples.filter(({ skipped }) => !skipped)
if (checked.length === 0) throw new Error('no example was found: the check checks nothing')

for (const file of find(docstrings))
  for (const name of brokenLinks(readFileSync(join(root, file), 'utf8'))) {
    console.error(`${file}: {@link ${name}} names nothing in this file: write \`${name}\``)
    process.exitCode = 1
  }
const plantedLinks = "/** {@link gone}, {@link here}. */\nimport { here } from './gone.ts'"
if (brokenLinks(plantedLinks).join() !== 'gone')
  throw new Error('the broken link was not found: the check checks nothing')

const nameOf = ({ file, line }) => `${file.replaceAll('/', '__')}_${line}.ts`

/** @returns what the compiler says, by the place in the page. */
function compile(folder, all) {
  for (const example of all) {
    // As many empty lines as stand before it in its page: the compiler's line is the page's.
    writeFileSync(
      join(folder, nameOf(example)),
      `${'\n'.repeat(example.line - 1)}${example.text}\nexport {}\n`,
    )
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: OPTIONS, files: ['prelude.ts', ...all.map(nameOf)] }),
  )
  const { stdout, stderr } = spawnSync('tsc', ['-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const places = new Map(all.map((example) => [nameOf(example), example.file]))
  return `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line.replace(
        /^(.+?\.ts)\((\d+),(\d+)\)/,
        (_, name, row, column) => `${places.get(name) ?? name}:${row}:${column}`,
      ),
    )
}

/** Examples that compile with settings of their own. Their client is generated first. */
const PROJECTS = ['examples/nestjs']

/** @returns what the compiler says. */
function compileProject(project) {
  const schema = join(root, project, 'db/schema.prisma')
  const generate = ['scripts/offline.mjs', 'prisma', 'generate', '--schema', schema]
  for (const [program, parameters] of [
    [process.execPath, generate],
    ['tsc', ['-p', join(root, project), '--noEmit', '--pretty', 'false']],
  ]) {
    const { status, stdout, stderr } = spawnSync(program, parameters, { cwd: root, encoding: 'utf8' })
    if (status !== 0) return `${stdout}${stderr}`.split('\n')
  }
  return []
}

const folder = mkdtempSync(join(tmpdir(), 'larder-examples-'))
try {
  cpSync(join(root, 'scripts/examples'), folder, { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  const generate = ['scripts/offline.mjs', 'prisma', 'generate', '--schema', join(folder, 'schema.prisma')]
  const { status, stdout, stderr } = spawnSync(process.execPath, generate, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`prisma generate failed\n${stdout}${stderr}`)

  const messages = [...compile(folder, checked), ...PROJECTS.flatMap(compileProject)]
  for (const message of messages) console.error(message)
  const left = examples.length - checked.length
  console.log(
    `${checked.length} examples and ${PROJECTS.length} project compiled, ${messages.length} messages, ${left} left out`,
  )
  if (messages.length > 0) process.exitCode = 1

  // A check that cannot fail proves nothing: a wrong option and a wrong type must both be found, on their line.
  const wrong = [
    { file: 'planted-option.md', line: 3, text: "createCache({ namespaces: 'shop' })" },
    { file: 'planted-type.md', line: 5, text: "const ttl: number = '10m'" },
  ]
  const found = compile(folder, wrong)
  for (const { file, line } of wrong) {
    if (found.some((message) => message.startsWith(`${file}:${line}:`))) continue
    console.error(`not found: the mistake in ${file}:${line}`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
