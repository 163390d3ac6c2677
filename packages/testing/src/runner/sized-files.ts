import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const SIZED = /\b(?:sized|setting|sweep)\(/
const IMPORT = /from '(\.{1,2}\/[^']+\.ts)'/g

/**
 * Test files that do more in a long run: those that ask for a size, themselves or in a file that they import.
 * @param patterns of test files, relative to `root`.
 */
export function sizedFiles(root: string, patterns: readonly string[]): readonly string[] {
  const usesSizes = new Map<string, boolean>()
  const isSized = (file: string): boolean => {
    const before = usesSizes.get(file)
    if (before !== undefined) return before
    usesSizes.set(file, false)
    const text = readFileSync(file, 'utf8')
    const imported = [...text.matchAll(IMPORT)].map(([, path = '']) => join(dirname(file), path))
    // Sources of packages know no sizes, and nor do those of this one.
    const helpers = imported.filter((path) => !/\bsrc\b/.test(path.slice(root.length)) && existsSync(path))
    const sized = SIZED.test(text) || helpers.some(isSized)
    usesSizes.set(file, sized)
    return sized
  }
  return globSync([...patterns], { cwd: root, exclude: ['**/node_modules/**'] })
    .filter((file) => isSized(join(root, file)))
    .sort()
}
