// `node scripts/start.mjs FILE [ARGUMENT…]`: makes what a program of this repository imports (the generated client, the
// built packages), then runs it. What the tools say is shown only when they fail.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const [file] = process.argv.splice(2, 1)

console.log('Preparing: generating the client, building the packages.')
for (const command of ['npm run -s generate', 'tsc -b tsconfig.build.json']) {
  const { status, signal, stdout, stderr } = spawnSync(command, { cwd: root, shell: true, encoding: 'utf8' })
  if (status === 0) continue
  // Ctrl-C reaches the tools, too.
  if (signal === 'SIGINT' || status === 130) process.exit(130)
  console.error(`${command} failed\n${stdout}${stderr}`)
  process.exit(1)
}
await import(pathToFileURL(resolve(root, file)).href)
