import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'
import { table } from './table.ts'

/** Microseconds between two samples. */
const INTERVAL = 100
const ROWS = 25
const root = fileURLToPath(new URL('..', import.meta.url))

/** Where time was spent: shares of the time in which the process was busy. */
export interface CpuProfile {
  readonly busy: number
  readonly functions: readonly { readonly name: string; readonly place: string; readonly share: number }[]
  readonly packages: readonly { readonly name: string; readonly share: number }[]
}

/** Samples `action` by V8's profiler. Self time: a function without those that it calls. */
export async function profileOf(action: () => Promise<unknown>): Promise<CpuProfile> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
    await session.post('Profiler.start')
    await action()
    const { profile } = await session.post('Profiler.stop')
    const own = new Map<string, number>()
    const packages = new Map<string, number>()
    let [busy, all] = [0, 0]
    for (const { callFrame, hitCount = 0 } of profile.nodes) {
      all += hitCount
      if (callFrame.functionName === '(idle)' || hitCount === 0) continue
      busy += hitCount
      const place = placeOf(callFrame.url, callFrame.lineNumber)
      const function_ = `${callFrame.functionName || '(anonymous)'}\t${place}`
      own.set(function_, (own.get(function_) ?? 0) + hitCount)
      const name = packageOf(callFrame.url) ?? callFrame.functionName
      packages.set(name, (packages.get(name) ?? 0) + hitCount)
    }
    const shares = (counts: ReadonlyMap<string, number>): [string, number][] =>
      [...counts].map(([key, hits]): [string, number] => [key, hits / busy]).sort(([, a], [, b]) => b - a)
    return {
      busy: busy / all,
      functions: shares(own)
        .slice(0, ROWS)
        .map(([key, share]) => {
          const [name = '', place = ''] = key.split('\t')
          return { name, place, share }
        }),
      packages: shares(packages)
        .filter(([, share]) => share >= 0.005)
        .map(([name, share]) => ({ name, share })),
    }
  } finally {
    session.disconnect()
  }
}

/** As plain text. */
export function printedProfile({ busy, functions, packages }: CpuProfile): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  const byPackage = packages.map(({ name, share }) => [name, percent(share)])
  const byFunction = functions.map(({ name, place, share }) => [name.slice(0, 40), percent(share), place])
  return `The process was busy ${percent(busy)} of the time. Shares of that time:

${table(['package', 'self'], byPackage)}

${table(['function', 'self', 'where'], byFunction)}
`
}

function placeOf(url: string, line: number): string {
  if (url === '') return ''
  const path = url.startsWith('file:') ? fileURLToPath(url).replace(root, '') : url
  return `${path}:${line + 1}`
}

/** @returns `undefined` for what V8 does without a file: the collector, natives. */
function packageOf(url: string): string | undefined {
  if (url === '') return undefined
  if (url.startsWith('node:')) return 'node'
  // Prisma's query compiler is the only one here.
  if (url.startsWith('wasm:')) return '@prisma/client (WebAssembly)'
  const [, modules] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  if (modules) return modules
  const [, ours] = /\/packages\/([^/]+)\//.exec(url) ?? []
  return ours ? `@larder/${ours}` : 'bench and generated client'
}
