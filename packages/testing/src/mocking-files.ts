import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const MOCKS = /\bvi\.(?:mock|doMock)\(/

/**
 * Test files that replace a module. Each needs a process of its own: in a shared one the module has been loaded already, and
 * the replacement would stay for the next file.
 * @param patterns of test files, relative to `root`.
 */
export function mockingFiles(root: string, patterns: readonly string[]): readonly string[] {
  return globSync([...patterns], { cwd: root, exclude: ['**/node_modules/**'] })
    .filter((file) => MOCKS.test(readFileSync(join(root, file), 'utf8')))
    .sort()
}
