import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { describe, expect, it, test } from 'vitest'
import { createSqlParser } from '../../src/sql/parser.ts'

const run = promisify(execFile)
const UPDATE = 'UPDATE "A" SET x = $1'
const parsedUpdate = { tables: ['a'], complete: true }

/** A parser over a module, all that it warned of, and how often it was loaded and asked. */
function parserOver(load: () => Promise<unknown> = () => import('libpg-query')) {
  const warned: string[] = []
  const counts = { loads: 0, parses: 0 }
  const counted = async () => {
    counts.loads++
    const { loadModule, parseSync } = (await load()) as typeof import('libpg-query')
    const parse = (text: string) => {
      counts.parses++
      return parseSync(text)
    }
    return { loadModule, parseSync: (parseSync as unknown) && parse }
  }
  return { ...createSqlParser(counted, (message) => warned.push(message)), warned, counts }
}

function error(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

describe('the parser of raw SQL', () => {
  it('is loaded once, for the first text, and then answers synchronously', async () => {
    const { written, counts, warned } = parserOver()
    expect(counts.loads).toBe(0)
    const first = written(UPDATE)
    expect(first).toBeInstanceOf(Promise)
    expect(await Promise.all([first, written(UPDATE), written('DELETE FROM b')])).toEqual([
      parsedUpdate,
      parsedUpdate,
      { tables: ['b'], complete: true },
    ])
    expect(written(UPDATE)).toEqual(parsedUpdate)
    expect(counts.loads).toBe(1)
    expect(warned).toEqual([])
  })

  it('parses each text once', async () => {
    const { written, counts } = parserOver()
    await written(UPDATE)
    const { parses } = counts
    for (let turn = 0; turn < 5; turn++) expect(written(UPDATE)).toEqual(parsedUpdate)
    expect(counts.parses).toBe(parses)
  })

  it('drops parsed texts rather than keep more than a megabyte of them', async () => {
    const { written, counts } = parserOver()
    await written(UPDATE)
    const { parses } = counts
    const texts = Array.from({ length: 60 }, (_, index) => `DELETE FROM b -- ${index} ${'x'.repeat(30_000)}`)
    for (const text of texts) written(text)
    expect(counts.parses).toBe(parses + 60)
    written(texts[59] ?? '')
    expect(counts.parses).toBe(parses + 60)
    written(UPDATE)
    expect(counts.parses).toBe(parses + 61)
  })

  test.each([
    ['that is not SQL', 'UPDATE a SET'],
    ['of another dialect', 'UPDATE `a` SET x = ?'],
    ['that is empty', ''],
    ['that is too long', `UPDATE a SET x = '${'x'.repeat(40_000)}'`],
    ['in which the meaning of a backslash is unknown', "UPDATE a SET x = '\\'; DELETE FROM b; --'"],
    ['with a zero byte', 'UPDATE a SET x = 1;\0DELETE FROM b'],
  ])('returns nothing for a text %s, and still parses the next one', async (_name, text) => {
    const { written, warned } = parserOver()
    expect(await written(text)).toBeUndefined()
    expect(await written(UPDATE)).toEqual(parsedUpdate)
    expect(await written(text)).toBeUndefined()
    expect(warned).toEqual([])
  })

  it('is unavailable without a warning if the package is not installed', async () => {
    const program =
      "import('libpg-query').catch(({ code, message }) => console.log(JSON.stringify({ code, message })))"
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: tmpdir(),
    })
    const { code, message } = JSON.parse(stdout) as { code: string; message: string }
    const { written, warned } = parserOver(() => Promise.reject(error(code, message)))
    expect(await written(UPDATE)).toBeUndefined()
    expect(warned).toEqual([])
  })

  test.each([
    ['Node', error('ERR_MODULE_NOT_FOUND', "Cannot find package 'libpg-query' imported from /app/dist/x.js")],
    ['CommonJS', error('MODULE_NOT_FOUND', "Cannot find module 'libpg-query'\nRequire stack:")],
  ])('is unavailable without a warning after a resolution error of %s', async (_name, absent) => {
    const { written, warned, counts } = parserOver(() => Promise.reject(absent))
    expect(await written(UPDATE)).toBeUndefined()
    expect(written(UPDATE)).toBeUndefined()
    expect(warned).toEqual([])
    expect(counts.loads).toBe(1)
  })

  test.each([
    [
      'lacks one of its own packages',
      async () =>
        Promise.reject(
          error(
            'ERR_MODULE_NOT_FOUND',
            "Cannot find package '@pgsql/types' imported from /app/node_modules/libpg-query/wasm/index.cjs",
          ),
        ),
    ],
    ['cannot be read', async () => Promise.reject(new SyntaxError('Unexpected token'))],
    [
      'does not start',
      async () => ({ loadModule: () => Promise.reject(new Error('no WebAssembly')), parseSync: () => ({}) }),
    ],
    ['has no parseSync', async () => ({ loadModule: async () => {} })],
    ['returns an unknown tree format', async () => ({ parseSync: () => ({ stmts: [{ RawStmt: {} }] }) })],
  ])('warns once and is not used if libpg-query %s', async (_name, load) => {
    const { written, warned } = parserOver(load)
    expect(await written(UPDATE)).toBeUndefined()
    expect(await written(UPDATE)).toBeUndefined()
    expect(warned).toEqual([expect.stringMatching(/^libpg-query is installed and cannot be used/)])
  })

  it('is not used again after it failed other than by a syntax error', async () => {
    const { parseSync } = await import('libpg-query')
    let broken = false
    const module = {
      parseSync(text: string) {
        if (broken) throw new RangeError('Maximum call stack size exceeded')
        return parseSync(text)
      },
    }
    const { written, warned } = parserOver(async () => module)
    await written(UPDATE)
    broken = true
    expect(written('DELETE FROM b')).toBeUndefined()
    broken = false
    expect(written('DELETE FROM c')).toBeUndefined()
    expect(warned).toEqual([expect.stringMatching(/^libpg-query is installed and failed/)])
    // What it said while it was sound stands.
    expect(written(UPDATE)).toEqual(parsedUpdate)
  })

  it('is also found as a default export', async () => {
    const module = await import('libpg-query')
    const { written } = createSqlParser(
      async () => ({ default: module }),
      () => {},
    )
    expect(await written(UPDATE)).toEqual(parsedUpdate)
  })
})
