import { access, constants, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CannotRun, reasonOf } from './cannot-run.ts'
import { runDemo } from './demo.ts'
import type { Options } from './options.ts'
import { realServers } from './real-servers.ts'
import { report } from './report.ts'
import { createScreen, type Output, type Screen } from './screen.ts'
import { tellAfter, tellBefore, tellError, type Written } from './story.ts'
import { faults, type Outcome } from './table.ts'

const SHOP_SECONDS = 20
const BOARD_SECONDS = 10

export interface Program {
  readonly options: Options
  readonly output: Output
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** The whole demo, from its introduction to the report. @returns the exit code of a run that was not interrupted. */
export async function runProgram({ options, output, env, signal }: Program): Promise<number> {
  const screen = createScreen(output, env)
  try {
    // Not after a minute.
    await mustBeWritable(options.report)
    const outcome = await measure(screen, { options, env, signal })
    const written = outcome.without ? await writeReport(options.report, outcome) : undefined
    tellAfter(screen, outcome, { interrupted: signal.aborted, report: written })
    return faults(outcome).length > 0 || (written && 'error' in written) ? 1 : 0
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error
    tellError(screen, error.message)
    return 1
  }
}

async function measure(
  screen: Screen,
  { options, env, signal }: Pick<Program, 'options' | 'env' | 'signal'>,
): Promise<Outcome> {
  if (options.services) screen.line('Starting the servers: a few seconds.')
  const servers = await realServers(env, options.services)
  try {
    tellBefore(screen, { shop: SHOP_SECONDS, board: BOARD_SECONDS })
    return await runDemo({
      screen,
      env: servers.env,
      signal,
      shopLimit: SHOP_SECONDS * 1000,
      boardLimit: BOARD_SECONDS * 1000,
    })
  } finally {
    await servers.stop()
  }
}

async function mustBeWritable(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    throw new CannotRun(`The report cannot be written to ${file}: ${reasonOf(error)}`)
  })
}

/** The table is worth showing without the report. */
async function writeReport(file: string, outcome: Outcome): Promise<Written> {
  try {
    await writeFile(file, report(outcome, new Date()))
    return { file }
  } catch (error) {
    return { error: `The report could not be written to ${file}: ${reasonOf(error)}` }
  }
}
