// Runs programs of the packed packages as applications do: required by the oldest Node, tested by Jest, bundled and minified.
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../packing.mjs'

/** The Node that `engines` names, from the package of the platform. */
function oldestNode(project) {
  const modules = join(project, 'node_modules')
  const folder = readdirSync(modules).find(
    (name) => name.startsWith('node-') && existsSync(join(modules, name, 'bin/node')),
  )
  if (!folder) throw new Error('the oldest Node is not installed')
  return join(modules, folder, 'bin/node')
}

/** Each entry is imported and required, and both give the same objects. */
export function checkEntries(project, entries) {
  const script = join(project, 'entries.cjs')
  writeFileSync(
    script,
    `const check = async () => {
      for (const entry of ${JSON.stringify(entries)}) {
        const required = require(entry)
        const imported = await import(entry)
        const names = Object.keys(imported)
        if (names.some((name) => required[name] !== imported[name])) throw new Error('require() gives another copy: ' + entry)
        console.log(process.version + ': ' + entry + ' is imported and required: ' + (names.length || 'no') + ' names')
      }
    }
    check().catch((error) => { console.error(error); process.exit(1) })`,
  )
  // Node 22.12 says that require() of ES modules is experimental. Later versions do not.
  const env = { ...process.env, NODE_NO_WARNINGS: '1' }
  for (const node of [process.execPath, oldestNode(project)])
    process.stdout.write(run(node, [script], project, { env }))
}

/** The configuration of docs/modules.md. */
const JEST = `module.exports = {
  transform: { '\\\\.m?[jt]sx?$': ['@swc/jest', { module: { type: 'commonjs' } }] },
  transformIgnorePatterns: ['/node_modules/(?!(@larder|superjson|copy-anything)/)'],
}`
const jestTest = (entries) => `
  const { createCache, superjsonCodec } = require('@larder/core')
  test.each(${JSON.stringify(entries)})('%s is required', (entry) => {
    expect(Object.keys(require(entry)).length).toBeGreaterThan(0)
  })
  test('a value is loaded once', async () => {
    const cache = createCache({ namespace: 'jest', codec: superjsonCodec() })
    const load = jest.fn(async () => ({ at: new Date(0) }))
    const read = () => cache.wrap('key', { ttl: '1m', tags: ['a'] }, load)
    expect(await read()).toEqual({ at: new Date(0) })
    expect(await read()).toEqual({ at: new Date(0) })
    expect(load).toHaveBeenCalledTimes(1)
    await cache.close()
  })`

export function checkJest(project, entries) {
  writeFileSync(join(project, 'jest.config.cjs'), JEST)
  writeFileSync(
    join(project, 'larder.test.cjs'),
    jestTest(entries.filter((entry) => !entry.endsWith('doctor'))),
  )
  const program = join(project, 'node_modules/jest/bin/jest.js')
  run(
    process.execPath,
    [program, '--config', 'jest.config.cjs', '--testMatch', '**/larder.test.cjs'],
    project,
    {
      stdio: 'pipe',
    },
  )
  console.log(
    'Jest: with the configuration of docs/modules.md, every entry is required and a value is cached',
  )
}
