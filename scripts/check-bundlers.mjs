// Bundles an application of the packed packages with every bundler, and runs what each makes: without the optional SQL
// parser, where the build must not ask for it, and with it, where it must be loaded. Build the packages first.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { install, pack, peersOf, publicPackages, read, root, run } from './packing.mjs'

const BUNDLERS = {
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-json': '6.1.0',
  '@rollup/plugin-node-resolve': '16.0.3',
  bun: '1.4.5',
  esbuild: '0.28.2',
  next: '16.4.6',
  react: '19.3.1',
  'react-dom': '19.3.1',
  rollup: '4.68.8',
  vite: '8.4.0',
  webpack: '5.113.0',
}

const APPLICATION = `
  import { createCache } from '@larder/core'
  import { drizzleCache } from '@larder/drizzle'
  import { prismaCache } from '@larder/prisma'
  import { valkeyStore } from '@larder/valkey'
  import { sql } from 'drizzle-orm'
  import { drizzle } from 'drizzle-orm/node-postgres'
  import { integer, pgTable } from 'drizzle-orm/pg-core'

  /** Whether Larder reads the tables of a raw write off its text. The driver answers by itself: no server is needed. */
  export async function rawWrite() {
    const item = pgTable('item', { id: integer().primaryKey() })
    const cache = createCache()
    let outcome = 'parsed'
    cache.on('unknown-write', () => { outcome = 'unknown' })
    cache.on('warning', ({ message }) => { throw new Error(message) })
    const client = { query: async () => ({ rows: [] }) }
    const db = drizzleCache(drizzle(client), { cache, schema: { item }, tables: { item: { ttl: 1000 } } })
    await db.execute(sql.raw('update item set id = 1'))
    return outcome
  }
  if (typeof prismaCache !== 'function' || typeof valkeyStore !== 'function') throw new Error('an export is missing')
`
const FILES = {
  'application.mjs': APPLICATION,
  'main.mjs': `import { rawWrite } from './application.mjs'\nrawWrite().then((outcome) => console.log(outcome))`,
  'next.config.mjs': 'export default { distDir: process.env.NEXT_FOLDER }',
  'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>',
  'app/page.js': 'export default () => <p>a page</p>',
  'app/outcome/route.js': `import { rawWrite } from '../../application.mjs'
    export const dynamic = 'force-dynamic'
    export const GET = async () => new Response(await rawWrite())`,
}
/** Drivers are the application's to leave outside, here as everywhere: \`pg\` asks for \`pg-native\`, which few have. */
const EXTERNAL = ['pg', 'pg-native']

const folder = mkdtempSync(join(tmpdir(), 'larder-bundlers-'))
const project = join(folder, 'project')
const out = join(project, 'out')
const node = (file) => run(process.execPath, [file], project)
const tool = (name) => import(pathToFileURL(join(project, 'node_modules', name)).href)

function refuse(bundler, warnings) {
  if (warnings.length > 0) throw new Error(`${bundler} warns:\n${warnings.join('\n')}`)
}

async function esbuild(format, file) {
  const { build } = await tool('esbuild/lib/main.js')
  const banner = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`
  const { warnings } = await build({
    absWorkingDir: project,
    entryPoints: ['main.mjs'],
    outfile: join(out, file),
    bundle: true,
    minify: true,
    platform: 'node',
    format,
    external: EXTERNAL,
    logLevel: 'silent',
    // Dependencies in CommonJS require modules of Node, which esbuild leaves to this in ES modules.
    ...(format === 'esm' && { banner: { js: banner } }),
  })
  refuse(
    'esbuild',
    warnings.map(({ text }) => text),
  )
  return node(join(out, file))
}

async function webpack() {
  const { default: pack } = await tool('webpack/lib/index.js')
  const stats = await new Promise((resolve, reject) => {
    const options = {
      context: project,
      mode: 'production',
      target: 'node22',
      entry: './main.mjs',
      optimization: { minimize: false },
      experiments: { outputModule: true },
      output: { path: out, filename: 'webpack.mjs', module: true, chunkFormat: 'module' },
      externals: Object.fromEntries(EXTERNAL.map((name) => [name, `module ${name}`])),
    }
    pack(options, (error, result) => (error ? reject(error) : resolve(result)))
  })
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true })
  refuse(
    'webpack',
    [...errors, ...warnings].map(({ message }) => message),
  )
  return node(join(out, 'webpack.mjs'))
}

async function rollup() {
  const { rollup: build } = await tool('rollup/dist/es/rollup.js')
  const plugins = await Promise.all(
    ['node-resolve', 'commonjs', 'json'].map((name) => tool(`@rollup/plugin-${name}/dist/cjs/index.js`)),
  )
  const [resolve, commonjs, json] = plugins.map((plugin) => plugin.default.default ?? plugin.default)
  const warnings = []
  const bundle = await build({
    input: join(project, 'main.mjs'),
    external: EXTERNAL,
    plugins: [resolve({ preferBuiltins: true }), commonjs(), json()],
    onwarn({ code, message }) {
      if (code !== 'CIRCULAR_DEPENDENCY') warnings.push(message)
    },
  })
  await bundle.write({ file: join(out, 'rollup.mjs'), format: 'es', inlineDynamicImports: true })
  refuse('rollup', warnings)
  return node(join(out, 'rollup.mjs'))
}

async function vite() {
  const { build } = await tool('vite/dist/node/index.js')
  await build({
    root: project,
    configFile: false,
    logLevel: 'error',
    build: { ssr: 'main.mjs', outDir: join(out, 'vite') },
    ssr: { noExternal: true, external: EXTERNAL },
  })
  const [file] = readdirSync(join(out, 'vite')).filter((name) => /\.m?js$/.test(name))
  return node(join(out, 'vite', file))
}

/** The program itself: the package has it only after its install script, which is not run. */
function bunProgram() {
  const vendor = join(project, 'node_modules/@oven')
  for (const name of existsSync(vendor) ? readdirSync(vendor) : [])
    for (const file of ['bun', 'bun.exe']) {
      const program = join(vendor, name, 'bin', file)
      if (existsSync(program)) return program
    }
  return undefined
}

function bun() {
  const external = EXTERNAL.flatMap((name) => ['--external', name])
  const file = join(out, 'bun.mjs')
  run(
    bunProgram(),
    ['build', 'main.mjs', '--target=node', '--minify', ...external, '--outfile', file],
    project,
  )
  return node(file)
}

const bunRuns = () => run(bunProgram(), ['main.mjs'], project)

/** What a started Next.js answers. It is built once: the parser is looked for when the program runs. */
async function next(bundler) {
  const program = join(project, 'node_modules/next/dist/bin/next')
  const NEXT_FOLDER = `.next-${bundler}`
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production', NEXT_FOLDER }
  if (!existsSync(join(project, NEXT_FOLDER))) {
    const parameters = [program, 'build', `--${bundler}`]
    const output = run(process.execPath, parameters, project, { env, stdio: 'pipe', timeout: 300_000 })
    const lines = output.split('\n').filter((line) => /libpg-query|sql-parser/.test(line))
    refuse(`next build --${bundler}`, lines)
  }
  const server = spawn(process.execPath, [program, 'start', '--port', '0', '--hostname', '127.0.0.1'], {
    cwd: project,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  })
  try {
    let text = ''
    for await (const chunk of server.stdout) {
      text += chunk
      const url = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(text)?.[0]
      if (url && /Ready/.test(text)) return await (await fetch(`${url}/outcome`)).text()
    }
    throw new Error(`next start ended:\n${text}`)
  } finally {
    server.kill()
  }
}

const ALL = {
  'esbuild (ES module)': () => esbuild('esm', 'esbuild.mjs'),
  'esbuild (CommonJS)': () => esbuild('cjs', 'esbuild.cjs'),
  webpack,
  rollup,
  vite,
  ...(process.platform === 'win32' ? {} : { bun, 'bun without a build': bunRuns }),
  'Next.js (Turbopack)': () => next('turbopack'),
}

const chosen = process.argv[2] ?? ''
let failed = 0
async function runAll(expected) {
  for (const [name, bundle] of Object.entries(ALL).filter(([name]) => name.startsWith(chosen))) {
    const start = performance.now()
    try {
      const outcome = (await bundle()).trim()
      if (outcome !== expected) throw new Error(`raw SQL is ${outcome}`)
      console.log(`${name}: ${expected}, ${((performance.now() - start) / 1000).toFixed(1)} s`)
    } catch (error) {
      failed++
      console.error(
        `${name}: FAILED, expected ${expected}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.stack}`,
      )
    }
  }
}

try {
  const packed = publicPackages
    .filter(({ json }) => json.name !== '@larder/doctor')
    .map((each) => pack(each, folder))
  const tested = read(join(root, 'package.json')).devDependencies
  const dependencies = {
    ...BUNDLERS,
    ...peersOf(packed),
    pg: tested.pg,
    ...Object.fromEntries(packed.map(({ json, tarball }) => [json.name, `file:${tarball}`])),
  }
  mkdirSync(join(project, 'app/outcome'), { recursive: true })
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  )
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(project, name), text)
  // Peers of peers (the Prisma CLI) are nothing to bundle.
  install(project, '--legacy-peer-deps')
  console.log('without libpg-query:')
  await runAll('unknown')
  for (const name of ['libpg-query', '@pgsql'])
    cpSync(join(root, 'node_modules', name), join(project, 'node_modules', name), { recursive: true })
  console.log('with libpg-query:')
  await runAll('parsed')
  process.exitCode = failed > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
