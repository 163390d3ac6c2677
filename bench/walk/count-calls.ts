import { Session } from 'node:inspector/promises'

export interface Entered {
  /** Relative to the repository. */
  readonly path: string
  readonly functions: readonly { readonly name: string; readonly calls: number }[]
}

export interface Coverage {
  /** In order of path. */
  readonly files: readonly Entered[]
  readonly functions: number
  readonly calls: number
}

const ours = /\/(packages\/[^/]+\/dist\/.+)\.js$/

/** Runs `action` once and says which functions of the built packages it entered, by V8's precise coverage. */
export async function countCalls(action: () => Promise<unknown>): Promise<Coverage> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
    // Taking the counts sets them to zero.
    await session.post('Profiler.takePreciseCoverage')
    await action()
    const { result } = await session.post('Profiler.takePreciseCoverage')
    const files = result
      .flatMap(({ url, functions }) => {
        const path = ours.exec(url)?.[1]
        const entered = functions
          .map(({ functionName, ranges: [range] }) => ({
            name: functionName || '(anonymous)',
            calls: range?.count ?? 0,
          }))
          .filter(({ calls }) => calls > 0)
        return path === undefined || entered.length === 0 ? [] : [{ path, functions: entered }]
      })
      .sort((one, other) => one.path.localeCompare(other.path))
    const all = files.flatMap(({ functions }) => functions)
    return { files, functions: all.length, calls: all.reduce((sum, { calls }) => sum + calls, 0) }
  } finally {
    await session.post('Profiler.stopPreciseCoverage')
    session.disconnect()
  }
}
