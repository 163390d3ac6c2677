// Builds and starts a real Next.js application with the packages as they would be published, and shows that the copies of
// Larder in it (Next.js makes one for instrumentation and others for routes and pages) know each other's writes. Then the
// same for copies that are made otherwise: ESM, CommonJS and two bundles. Build first. Needs the npm registry.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const windows = process.platform === 'win32'
const PACKAGES = {
  next: '16.4.6',
  react: '19.3.1',
  'react-dom': '19.3.1',
  'drizzle-orm': '0.45.4',
  '@libsql/client': '0.18.0',
  esbuild: '0.28.2',
}

const folder = mkdtempSync(join(tmpdir(), 'larder-next-'))
const env = {
  ...process.env,
  NODE_ENV: 'production',
  NEXT_TELEMETRY_DISABLED: '1',
  DATABASE_URL: `file:${join(folder, 'items.db')}`,
}
const run = (program, parameters, cwd = folder, stdout = 'inherit') =>
  execFileSync(program, parameters, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'inherit'],
    shell: windows,
  })
const own = (name) => join(folder, 'node_modules/.bin', name)

function install() {
  const tarballs = ['core', 'drizzle'].map((name) => {
    const [report] = JSON.parse(
      run(
        'npm',
        ['pack', '--json', '--silent', '--pack-destination', folder],
        join(root, 'packages', name),
        'pipe',
      ),
    )
    return join(folder, report.filename)
  })
  cpSync(join(root, 'scripts/next-app'), folder, { recursive: true })
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'next-app', private: true, type: 'module' }),
  )
  const named = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`)
  run('npm', [
    'install',
    ...['--silent', '--no-audit', '--no-fund', '--no-save', '--ignore-scripts'],
    ...named,
    ...tarballs,
  ])
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

/** Where a read or a write goes, and what says so in a failure. */
function application(port) {
  const origin = `http://127.0.0.1:${port}`
  const json = async (path, options) => (await fetch(`${origin}${path}`, options)).json()
  const body = (name) => ({ method: 'POST', body: JSON.stringify({ name }) })
  return {
    readers: {
      page: async () => {
        const text = await (await fetch(origin)).text()
        const found = /id="item">([0-9a-f]+)</.exec(text)?.[1]
        return JSON.parse(Buffer.from(found ?? '', 'hex').toString())
      },
      route: () => json('/api/item'),
      instrumentation: () => json('/api/item?by=instrumentation'),
    },
    writers: {
      route: (name) => json('/api/item', body(name)),
      instrumentation: (name) => json('/api/item?by=instrumentation', body(name)),
    },
  }
}

async function started(port) {
  const server = spawn(
    process.execPath,
    [join(folder, 'node_modules/next/dist/bin/next'), 'start', '-p', String(port)],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`next start ended with ${server.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${port}/api/item`).catch(() => undefined)
    if (answer?.ok) return server
    await wait(100)
  }
  server.kill()
  throw new Error('next start did not answer within 30 seconds')
}

/** Whoever writes, and whoever reads after that: never anything older. And what one copy loads, another has. */
async function checkNext({ readers, writers }) {
  const copies = new Set()
  let hits = 0
  for (let turn = 0; turn < 20; turn++) {
    for (const read of Object.values(readers)) await read()
    const writer = turn % 2 ? 'route' : 'instrumentation'
    const name = `${writer} ${turn}`
    await writers[writer](name)
    for (const [reader, read] of Object.entries(readers)) {
      const seen = await read()
      copies.add(seen.copy)
      if (seen.source === 'memory') hits++
      if (seen.name !== name) throw new Error(`${reader} read '${seen.name}' after '${name}' was written`)
    }
  }
  if (copies.size < 2) throw new Error('Next.js made one copy of the module: this shows nothing any more')
  if (hits < 20) throw new Error(`only ${hits} of 60 reads were hits: the copies do not share their entries`)
  console.log(
    `next: ${copies.size} copies in one process, 60 reads after 20 writes, ${hits} hits, none stale`,
  )
}

try {
  install()
  run(process.execPath, ['prepare.mjs'])
  run(own('next'), ['build'])
  const port = await freePort()
  const server = await started(port)
  try {
    await checkNext(application(port))
  } finally {
    server.kill()
    if (server.exitCode === null) await once(server, 'exit')
  }
  for (const format of ['esm', 'cjs'])
    run(own('esbuild'), [
      'lib/items.mjs',
      ...['--bundle', '--platform=node', `--format=${format}`, '--log-level=error'],
      ...['--external:@libsql/client', '--external:libpg-query'],
      `--outfile=bundle.${format === 'esm' ? 'mjs' : 'cjs'}`,
    ])
  run(process.execPath, ['bundles.mjs'])
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
