// Run by npm before it packs a package, in the folder of that package: puts the documentation of the repository into the
// tarball, so that what an error or the README names is there, in the version that is installed.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Files of the repository, by their path there, which is their path in the tarball, too. */
const files = [
  'CAVEATS.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length).replaceAll('\\', '/')),
]

/** A link to a file of the repository that is not in the tarball becomes one to its page. */
function absolute(text, file) {
  return text.replace(/\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)/g, (link, path, anchor = '') => {
    const target = posix.join(posix.dirname(file), path)
    return files.includes(target) ? link : `](${homepage.replace(/#.*/, '')}/blob/main/${target}${anchor})`
  })
}

if (basename(dirname(process.cwd())) !== 'packages') throw new Error('run this in the folder of a package')
rmSync('docs', { recursive: true, force: true })
for (const file of files) {
  mkdirSync(dirname(file), { recursive: true })
  const bytes = readFileSync(join(root, file))
  writeFileSync(file, file.endsWith('.md') ? absolute(bytes.toString('utf8'), file) : bytes)
}
