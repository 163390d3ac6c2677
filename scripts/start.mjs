// `node scripts/start.mjs FILE [ARGUMENT…]`: makes what a program of this repository imports (the generated client, the
// built packages), then runs it. What the tools say is shown only when they fail. `--help` needs none of it.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const [file] = process.argv.splice(2, 1)

if (!process.argv.includes('--help')) await prepare()
await import(pathToFileURL(resolve(root, file)).href)

async function prepare() {
  console.log('Preparing: generating the client, building the packages.')
  for (const command of ['npm run -s generate', 'tsc -b tsconfig.build.json']) {
    const { status, text, interrupted } = await run(command)
    if (interrupted) {
      console.log('Interrupted while preparing.')
      process.exit(130)
    }
    if (status === 0) continue
    console.error(`${command} failed\n${text}`)
    process.exit(1)
  }
}

/** Ctrl-C reaches the tool as well, and this waits until it has ended. */
async function run(command) {
  const child = spawn(command, { cwd: root, shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let [text, interrupted] = ['', false]
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more) => (text += more))
  const stop = () => {
    interrupted = true
    child.kill('SIGINT')
  }
  process.on('SIGINT', stop)
  const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  process.off('SIGINT', stop)
  return { status, text, interrupted }
}
