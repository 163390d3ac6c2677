import { runDemo } from './demo.ts'
import { createScreen } from './screen.ts'
import { staleReads, tellAfter, tellBefore } from './story.ts'

const ROWS = 10_000
const OPERATIONS = 8_000
const SECONDS = 25
/** 128 + SIGINT, as shells report it. */
const INTERRUPTED = 130

const stop = new AbortController()
process.on('SIGINT', () => {
  // Once is a request, twice is an order.
  if (stop.signal.aborted) process.exit(INTERRUPTED)
  stop.abort()
})
// `npm run demo | head` closes the pipe: there is nobody left to tell.
process.stdout.on('error', () => process.exit(0))

const screen = createScreen(process.stdout, process.env)
tellBefore(screen, SECONDS, process.env)
const outcome = await runDemo({
  screen,
  signal: stop.signal,
  rows: ROWS,
  operations: OPERATIONS,
  limit: SECONDS * 1000,
})
tellAfter(screen, outcome, stop.signal.aborted)
if (stop.signal.aborted) process.exitCode = INTERRUPTED
else if (staleReads(outcome) > 0) process.exitCode = 1
