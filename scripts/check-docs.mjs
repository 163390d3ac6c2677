// Checks what the site's builder does not look at: the headings that links name, the tests that the guarantees name, that
// the reference has every error and warning code of the code, and that explained error texts are those of the code.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const text = (file) => readFileSync(join(root, file), 'utf8')
const find = (...patterns) => patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort()

/** As a code host makes an anchor of a heading, and docs/.vitepress/config.ts the site. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
const anchorsOf = (file) => [...text(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading))

function* brokenLinks() {
  for (const file of find('*.md', 'docs/*.md', 'packages/*/README.md', 'examples/*/README.md'))
    for (const [, path, anchor] of text(file).matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      const target = path ? posix.join(posix.dirname(file), path) : file
      if (!existsSync(join(root, target))) yield `${file} links to ${target}, which does not exist`
      else if (anchor && !anchorsOf(target).includes(anchor))
        yield `${file} links to #${anchor} of ${target}, which has no such heading`
    }
}

function* missingTests() {
  for (const [, path] of text('docs/guarantees.md').matchAll(/`((?:test|packages)\/[^`]+)`/g))
    if (find(path).length === 0) yield `docs/guarantees.md names ${path}, which does not exist`
}

/** Codes of `warning` events stand in the code as `code: '…'`, or as the first argument of what emits them. */
const WARNING = /(?:code: |\b(?:warn|tell)\(\s*)'([a-z]+(?:-[a-z]+)+)'/g

function* missingCodes() {
  const sources = find('packages/{core,drizzle,prisma,valkey,structures}/src/**/*.ts').map(text).join('\n')
  const pages = [
    ['docs/errors.md', [...sources.matchAll(/\| '(LARDER_\w+)'/g)]],
    // Of the server's settings, `valkey-config` and its like are findings of the doctor alone.
    ['docs/events.md', [...sources.matchAll(WARNING)].filter(([, code]) => !DOCTOR.has(code))],
  ]
  for (const [page, codes] of pages) {
    if (codes.length < 10)
      yield `only ${codes.length} codes were found for ${page}: the pattern no longer fits`
    for (const code of new Set(codes.map(([, code]) => code)))
      if (!text(page).includes(`\`${code}\``)) yield `${page} lacks ${code}`
  }
}
const DOCTOR = new Set(
  [...text('packages/doctor/README.md').matchAll(/`(valkey-[a-z-]+)`/g)].map(([, code]) => code),
)

/** Texts of Larder's own errors that a page explains. The others in its table are the server's and Node's. */
const EXPLAINED = [
  'the connection was lost',
  ', not a primary',
  'no primary serves slot',
  'the server closed the connection before it answered',
  'no answer within',
  'this valkeyStore is already used by a cache of the namespace',
  'it is a node of a Cluster',
  'took longer than',
]

function* changedTexts() {
  const sources = find('packages/{core,valkey}/src/**/*.ts').map(text).join('\n')
  for (const words of EXPLAINED)
    if (!sources.includes(words) || !text('docs/valkey-troubleshooting.md').includes(words))
      yield `“${words}” should stand both in the code and in docs/valkey-troubleshooting.md`
}

const messages = [...brokenLinks(), ...missingTests(), ...missingCodes(), ...changedTexts()]
for (const message of messages) console.error(message)
console.log(`links, tests and codes of the documentation: ${messages.length} messages`)
if (messages.length > 0) process.exitCode = 1
