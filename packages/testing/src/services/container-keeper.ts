// Run as a program: waits until its input ends, then removes the container it was told of. The process that starts it
// holds the other end of the pipe, so that the container goes even when that process is killed.
import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

const [name = '', daemon = '{}'] = process.argv.slice(2)
/** How long a daemon that does not answer, or has no such container yet, is asked again, in milliseconds. */
const patience = 15_000

let orderly = false
process.stdin.on('data', () => {
  orderly = true
})
await once(process.stdin, 'end')

const deadline = performance.now() + patience
let answer = await remove()
while (!done(answer) && performance.now() < deadline) {
  await wait(250)
  answer = await remove()
}
// A 404 is fine here: nobody can be making it any more.
if (typeof answer === 'string' || (answer >= 300 && answer !== 404)) {
  process.stderr.write(`removing it ended with: ${answer}\n`)
  process.exitCode = 1
}

/** Without an orderly end the daemon may be making the container just now: it is not there yet, but will be. */
function done(answer: number | string): boolean {
  return typeof answer === 'number' && (answer < 300 || (answer === 404 && orderly))
}

/** The status of the daemon's answer, or why there was none. */
function remove(): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { ...JSON.parse(daemon), path: `/containers/${name}?force=true&v=true`, method: 'DELETE' }
    const call = request({ ...options, signal: AbortSignal.timeout(5_000) }, (response) => {
      response.on('error', () => {})
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.on('error', (error) => resolve(error.message))
    call.end()
  })
}
