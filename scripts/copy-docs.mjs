// npm runs this in the folder of a package before it packs it. It copies the documentation into the tarball, so that the
// pages that errors and the README name are there, in the version that is installed.
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
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length).replaceAll('\\', '/'))
    // The site's settings, and what it is built into.
    .filter((path) => !path.startsWith('docs/.vitepress/')),
]

/** A link to a file that is not in the tarball becomes a link to its page in the repository. */
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
