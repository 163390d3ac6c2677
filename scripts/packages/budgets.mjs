// What a package costs an application: the bytes it adds to node_modules, and the time that its first import takes.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../packing.mjs'

/**
 * `size`: kilobytes with everything that comes along, peers left out, a sixth above what was measured. `time`: milliseconds of
 * the fastest of some imports, several times what was measured, because the machine may be busy.
 */
const BUDGETS = {
  '@larder/core': { size: 10_000, time: 500 },
  '@larder/prisma': { size: 11_500, time: 1_200 },
  '@larder/drizzle': { size: 11_500, time: 1_500 },
  '@larder/valkey': { size: 12_000, time: 800 },
  '@larder/structures': { size: 10_500, time: 200 },
  '@larder/doctor': { size: 11_000, time: 500 },
}
const IMPORTS = 5

function sizeOf(folder) {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && !path.slice(folder.length).includes('/node_modules/')) bytes += statSync(path).size
  }
  return bytes
}

/** The folders of a package and of all that it depends on, as npm has placed them. */
function closure(project, name, from = project, found = new Set()) {
  const folder = placeOf(project, name, from)
  if (folder === undefined || found.has(folder)) return found
  found.add(folder)
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  for (const dependency of Object.keys(dependencies)) closure(project, dependency, folder, found)
  return found
}

function placeOf(project, name, from) {
  for (const base of [from, project]) {
    const folder = join(base, 'node_modules', name)
    if (statSync(join(folder, 'package.json'), { throwIfNoEntry: false })) return folder
  }
  return undefined
}

function importTime(project, name) {
  const script = `const start = performance.now(); await import('${name}'); console.log(performance.now() - start)`
  const times = Array.from({ length: IMPORTS }, () =>
    Number(run(process.execPath, ['--input-type=module', '--eval', script], project)),
  )
  return Math.min(...times)
}

export function checkBudgets(project, packed) {
  const failed = []
  for (const { json, unpackedSize } of packed) {
    const folders = closure(project, json.name)
    const size = [...folders].reduce((sum, folder) => sum + sizeOf(folder), 0) / 1_000
    const time = importTime(project, json.name)
    const own = unpackedSize / 1_000
    console.log(
      `${json.name}: ${own.toFixed(0)} kB, with its ${folders.size - 1} dependencies ${size.toFixed(0)} kB; imported in ${time.toFixed(0)} ms`,
    )
    const budget = BUDGETS[json.name]
    if (!budget) failed.push(`${json.name} has no budget in scripts/packages/budgets.mjs`)
    else if (size > budget.size)
      failed.push(`${json.name}: ${size.toFixed(0)} kB are more than ${budget.size}`)
    else if (time > budget.time)
      failed.push(`${json.name}: ${time.toFixed(0)} ms are more than ${budget.time}`)
  }
  if (failed.length > 0) throw new Error(failed.join('\n'))
}
