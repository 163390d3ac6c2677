import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Context } from '../context.ts'
import { figure } from '../sheet.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What an application has loaded already, and what is then loaded. */
const IMPORTS = [
  { name: '@larder/core', after: [] },
  { name: '@larder/valkey', after: ['@larder/core', 'iovalkey'] },
  {
    name: '@larder/drizzle',
    after: ['@larder/core', 'pg', 'drizzle-orm/node-postgres', 'drizzle-orm/pg-core'],
  },
  {
    name: '@larder/prisma',
    after: ['@larder/core', '@prisma/client/runtime/client', '@prisma/adapter-pg'],
  },
] as const

/** How long the packages take to load, each in processes of its own. */
export async function benchImports({ quick, show }: Context): Promise<void> {
  const rounds = quick ? 5 : 15
  const rows = IMPORTS.map(({ name, after }) => {
    const each = Array.from({ length: rounds }, () => measure(name, after))
    const heading = after.length === 0 ? name : `${name}, after what it needs`
    return {
      name: heading,
      figures: [figure(each.map(({ ms }) => ms)), figure(each.map(({ heap }) => heap))],
    }
  })
  show({
    id: 'imports',
    title: 'Loading: the time and the heap of an import',
    note: `${rounds} processes each. Measured after ${IMPORTS[2].after.slice(1).join(', ')} for
@larder/drizzle, and likewise for the others: an application has loaded those anyway. What they leave behind is collected
before, so that no import pays for it.`,
    columns: [
      { name: 'time', unit: 'ms' },
      { name: 'heap', unit: 'bytes' },
    ],
    rows,
  })
}

function measure(name: string, after: readonly string[]): { ms: number; heap: number } {
  const load = (each: string): string => `await import('${each}')`
  const program = `${after.map(load).join('\n')}
const heapUsed = () => (gc(), process.memoryUsage().heapUsed)
const [before, began] = [heapUsed(), performance.now()]
${load(name)}
const ms = performance.now() - began
console.log(JSON.stringify({ ms, heap: heapUsed() - before }))`
  const options = { cwd: root, encoding: 'utf8' } as const
  const args = ['--expose-gc', '--input-type=module', '-e', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, options)
  if (!stdout) throw new Error(`${name} does not load: ${stderr}`)
  return JSON.parse(stdout) as { ms: number; heap: number }
}
