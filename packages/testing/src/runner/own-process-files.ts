import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const OWN_PROCESS = /\bvi\.(?:mock|doMock)\(|\bsetFlagsFromString\(/

/**
 * Test files that each need a process of their own. Those that replace a module: in a shared process it has been loaded
 * already, and the replacement would stay for the next file. Those that set flags of V8, to measure the heap: that of a
 * shared process is large, and changes by itself.
 * @param patterns of test files, relative to `root`.
 */
export function ownProcessFiles(root: string, patterns: readonly string[]): readonly string[] {
  return globSync([...patterns], { cwd: root, exclude: ['**/node_modules/**'] })
    .filter((file) => OWN_PROCESS.test(readFileSync(join(root, file), 'utf8')))
    .sort()
}
