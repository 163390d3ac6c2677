import { CacheError } from '@larder/core'
import { runDemo } from './demo.ts'
import { createScreen } from './screen.ts'
import { choosePlace, type Place } from './store.ts'
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
try {
  await run(choosePlace(process.env))
} catch (error) {
  // A malformed URL, or a server that cannot be used. What it says is without secrets.
  if (!(error instanceof CacheError)) throw error
  screen.paragraph(`VALKEY_URL is set, and that server cannot be used: ${error.message}`)
  process.exitCode = 1
}

async function run(place: Place): Promise<void> {
  tellBefore(screen, SECONDS, place.description)
  const outcome = await runDemo({
    screen,
    place,
    signal: stop.signal,
    rows: ROWS,
    operations: OPERATIONS,
    limit: SECONDS * 1000,
  })
  tellAfter(screen, outcome, stop.signal.aborted)
  if (stop.signal.aborted) process.exitCode = INTERRUPTED
  else if (staleReads(outcome) > 0) process.exitCode = 1
}
