// Runs a tool with the environment that keeps it from calling home: `node scripts/offline.mjs prisma generate`.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const quiet = {
  DO_NOT_TRACK: '1',
  CHECKPOINT_DISABLE: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  // `prisma generate` wants a schema engine to exist and then does not run it; without this it would download one.
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
}

const [tool, ...rest] = process.argv.slice(2)
if (tool === undefined) {
  console.error('usage: node scripts/offline.mjs <tool> [arguments]')
  process.exit(2)
}
const { status, error } = spawnSync(tool, rest, {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, ...quiet },
  stdio: 'inherit',
  // npm puts `.cmd` files in the PATH on Windows, which only a shell starts.
  shell: process.platform === 'win32',
})
if (error) console.error(`${tool}: ${error.message}`)
process.exit(status ?? 1)
