// Runs examples/nextjs in development, with the packages as they would be published: `node scripts/next-dev.mjs`. With
// `--check` it reloads a module several times and shows that each reload leaves as many connections to PostgreSQL and Valkey
// as there were, and that nothing is stale. Needs DATABASE_URL, and for `--check` VALKEY_URL. Build first.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'iovalkey'
import pg from 'pg'
import { install, pack, publicPackages, read, root, run } from './packing.mjs'

const RELOADS = 5
/** Long enough for a first compilation on a slow machine. */
const PATIENCE = 120_000
const { DATABASE_URL, VALKEY_URL, PORT = '0' } = process.env
const checks = process.argv.includes('--check')
const example = join(root, 'examples/nextjs')

function prepare(folder) {
  cpSync(example, folder, {
    recursive: true,
    filter: (path) => !/node_modules|\.next\b|generated/.test(path),
  })
  const json = read(join(example, 'package.json'))
  for (const each of publicPackages.filter(({ json: { name } }) => json.dependencies[name])) {
    const { tarball } = pack(each, folder)
    json.dependencies[each.json.name] = `file:${tarball}`
  }
  // The repository's own Prisma generates the client: its tool is the largest of these packages.
  const { prisma: _, ...devDependencies } = json.devDependencies
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...json, devDependencies }))
  install(folder, '--legacy-peer-deps')
}

async function generate(folder) {
  const parameters = [
    'scripts/offline.mjs',
    'prisma',
    'generate',
    '--schema',
    join(folder, 'db/schema.prisma'),
  ]
  const [code] = await once(
    spawn(process.execPath, parameters, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] }),
    'exit',
  )
  if (code !== 0) throw new Error('prisma generate failed')
}

async function createTables(pool) {
  const { rows } = await pool.query(`SELECT to_regclass('nextjs_product') AS found`)
  if (!rows[0].found) await pool.query(readFileSync(join(example, 'db/tables.sql'), 'utf8'))
}

/** Starts `next dev`, and resolves with its address. */
async function start(folder) {
  const program = join(folder, 'node_modules/next/dist/bin/next')
  const server = spawn(process.execPath, [program, 'dev', '--port', PORT, '--hostname', '127.0.0.1'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'development', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const address = Promise.withResolvers()
  let text = ''
  server.stdout.on('data', (chunk) => {
    text += chunk
    if (!checks) process.stdout.write(chunk)
    const url = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(text)?.[0]
    if (url && text.includes('Ready')) address.resolve(url)
  })
  server.once('exit', () => address.reject(new Error(`next dev ended:\n${text}`)))
  return { url: await address.promise, server }
}

async function stop(server) {
  if (server.exitCode !== null) return
  const exit = once(server, 'exit')
  server.kill()
  await exit
}

async function product(url, options) {
  const response = await fetch(`${url}/products/1`, options)
  if (!response.ok) throw new Error(`${response.status}: ${(await response.text()).slice(0, 2_000)}`)
  const { headers } = response
  return {
    ...(await response.json()),
    source: headers.get('x-larder'),
    version: Number(headers.get('x-version')),
  }
}

/** Reads until the module of this version answers. */
async function reloaded(url, version) {
  const end = Date.now() + PATIENCE
  while (Date.now() < end) {
    const found = await product(url).catch(() => undefined)
    if (found?.version === version) return found
    await wait(100)
  }
  throw new Error(`version ${version} of the module was not loaded`)
}

async function check(folder, url, pool) {
  const valkey = new Redis(VALKEY_URL)
  const connections = async () => {
    const { rows } = await pool.query(
      'SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database()',
    )
    const clients = (await valkey.client('LIST')).trim().split('\n').length
    return { postgres: rows[0].count, valkey: clients }
  }
  try {
    const file = join(folder, 'lib/products.ts')
    const source = readFileSync(file, 'utf8')
    await reloaded(url, 0)
    const counts = []
    for (let version = 1; version <= RELOADS; version++) {
      writeFileSync(file, source.replace('VERSION = 0', `VERSION = ${version}`))
      await reloaded(url, version)
      // The module of the client is evaluated again as well.
      await touch(folder, version)
      await reloaded(url, version)
      await product(url, { method: 'PATCH', body: JSON.stringify({ price: version }) })
      await readUntilHit(url, version)
      counts.push(await connections())
    }
    const shown = counts.map(({ postgres, valkey }) => `${postgres} and ${valkey}`).join(', ')
    const report = `next dev: ${RELOADS} reloads; connections to PostgreSQL and Valkey after each: ${shown}`
    // A pool opens its connections one by one, so the first counts may grow. What leaks grows with every reload.
    const [first, last] = [counts[1], counts.at(-1)]
    if (last.postgres - first.postgres >= RELOADS - 2 || last.valkey - first.valkey >= RELOADS - 2)
      throw new Error(`${report}: reloads leave connections behind`)
    console.log(report)
  } finally {
    valkey.disconnect()
  }
}

/** Reads what was written. The last step of a write runs in the background, and a read before it is not stored. */
async function readUntilHit(url, price) {
  const end = Date.now() + 10_000
  while (Date.now() < end) {
    const found = await product(url)
    if (found.price !== price) throw new Error(`read ${found.price} after ${price} was written`)
    if (!found.source.startsWith('database')) return
    await wait(20)
  }
  throw new Error('no read after a reload is a hit')
}

async function touch(folder, version) {
  const file = join(folder, 'lib/database.ts')
  const source = readFileSync(file, 'utf8').replace(/\n\/\/ reload \d+\n$/, '')
  writeFileSync(file, `${source}\n// reload ${version}\n`)
  await wait(500)
}

if (!DATABASE_URL || (checks && !VALKEY_URL)) {
  console.error('Set DATABASE_URL, and VALKEY_URL for --check.')
  process.exit(2)
}
const folder = mkdtempSync(join(tmpdir(), 'larder-next-dev-'))
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 1 })
let server
try {
  prepare(folder)
  await generate(folder)
  await createTables(pool)
  const started = await start(folder)
  server = started.server
  if (checks) {
    await check(folder, started.url, pool)
    process.stdout.write(run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit'], folder))
  } else await once(server, 'exit')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  if (server) await stop(server)
  await pool.end()
  rmSync(folder, { recursive: true, force: true })
}
