import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createScreen } from '../../demo/src/screen.ts'
import { runDemo } from './demo.ts'
import { realServers } from './real-servers.ts'
import { report } from './report.ts'
import { tellAfter, tellBefore } from './story.ts'
import { faults } from './table.ts'

const SHOP_SECONDS = 20
const BOARD_SECONDS = 10
/** 128 + SIGINT, as shells report it. */
const INTERRUPTED = 130

const { values } = parseArgs({
  options: {
    services: { type: 'boolean', default: false },
    report: { type: 'string', default: 'larder-report.html' },
  },
})
const stop = new AbortController()
process.on('SIGINT', () => {
  // Once is a request, twice is an order.
  if (stop.signal.aborted) process.exit(INTERRUPTED)
  stop.abort()
})
// `npm run demo | head` closes the pipe: there is nobody left to tell.
process.stdout.on('error', () => process.exit(0))

const screen = createScreen(process.stdout, process.env)
tellBefore(screen, { shop: SHOP_SECONDS, board: BOARD_SECONDS })
const servers = await realServers(process.env, values.services)
try {
  const outcome = await runDemo({
    screen,
    env: servers.env,
    signal: stop.signal,
    shopLimit: SHOP_SECONDS * 1000,
    boardLimit: BOARD_SECONDS * 1000,
  })
  if (outcome.without) await writeFile(values.report, report(outcome, new Date()))
  tellAfter(screen, outcome, { interrupted: stop.signal.aborted, file: values.report })
  if (stop.signal.aborted) process.exitCode = INTERRUPTED
  else if (faults(outcome).length > 0) process.exitCode = 1
} finally {
  await servers.stop()
}
