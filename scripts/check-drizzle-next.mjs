// Runs the contract of @larder/drizzle on the next drizzle-orm: in a project of its own, with the packages as they would
// be published. Build first.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const project = join(root, 'packages/drizzle/test/next')
const windows = process.platform === 'win32'

const run = (program, parameters, cwd, stdout = 'inherit') =>
  execFileSync(program, parameters, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'inherit'],
    shell: windows,
  })

function pack(name, into) {
  const folder = join(root, 'packages', name)
  const [report] = JSON.parse(
    run('npm', ['pack', '--json', '--silent', '--pack-destination', into], folder, 'pipe'),
  )
  return join(into, report.filename)
}

const quiet = ['--silent', '--no-audit', '--no-fund', '--ignore-scripts']
const folder = mkdtempSync(join(tmpdir(), 'larder-drizzle-next-'))
try {
  const tarballs = ['core', 'drizzle'].map((name) => pack(name, folder))
  run('npm', ['ci', ...quiet], project)
  // Not in the lockfile: a tarball differs from one build to the next.
  run('npm', ['install', ...quiet, '--no-save', '--no-package-lock', ...tarballs], project)
  run('tsc', ['-p', project], root)
  run('vitest', ['run', '--root', project, ...process.argv.slice(2)], root)
} catch (error) {
  // What failed has said so itself.
  process.exitCode = error.status || 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
