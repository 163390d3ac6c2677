import { type Options, parseOptions, USAGE } from './options.ts'

/** 128 + SIGINT and SIGTERM, as shells report them. */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const

const options = optionsOf(process.argv.slice(2))
if (options === 'help') console.log(USAGE)
else if (options) process.exitCode = await start(options)
else process.exitCode = 2

function optionsOf(args: readonly string[]): Options | 'help' | undefined {
  try {
    return parseOptions(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    return undefined
  }
}

async function start(options: Options): Promise<number> {
  const stop = new AbortController()
  let interrupted: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // The second time it does not wait for anything. Servers that were started end with this process.
      if (interrupted) process.exit(interrupted)
      interrupted = CODES[signal]
      stop.abort()
    })
  // `npm run demo | head` closes the pipe: there is nobody left to read.
  process.stdout.on('error', () => stop.abort())
  // Only now: what it imports has to be built, which the usage text needs not.
  const { runProgram } = await import('./program.ts')
  const code = await runProgram({ options, output: process.stdout, env: process.env, signal: stop.signal })
  return interrupted ?? code
}
