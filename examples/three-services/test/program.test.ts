import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseOptions, USAGE } from '../src/options.ts'
import { runProgram } from '../src/program.ts'
import { captured } from './captured.ts'

const options = { services: false, report: join(tmpdir(), 'larder-report.html') }

async function run(env: NodeJS.ProcessEnv, changes: object = {}): Promise<{ code: number; text: string }> {
  const { output, text } = captured()
  const code = await runProgram({
    options: { ...options, ...changes },
    output,
    env: { NO_COLOR: '1', ...env },
    signal: new AbortController().signal,
  })
  return { code, text: text().replace(/\s+/g, ' ') }
}

it.each([
  [{ VALKEY_URL: 'redis://user:secret@127.0.0.1:1' }, 'The server of VALKEY_URL cannot be used: '],
  [{ VALKEY_URL: 'user:secret@localhost' }, 'The server of VALKEY_URL cannot be used: '],
  [
    { DATABASE_URL: 'postgresql://user:secret@127.0.0.1:1/x' },
    'The server of DATABASE_URL cannot be used: connect ECONNREFUSED 127.0.0.1:1',
  ],
  [
    { DATABASE_URL: 'postgresql://user:secret@localhost:1/x' },
    'The server of DATABASE_URL cannot be used: connect ECONNREFUSED ',
  ],
  [{ DATABASE_URL: 'mysql://user:secret@localhost/x' }, 'DATABASE_URL must be that of a PostgreSQL server'],
  [{ DATABASE_URL: 'postgresql://user:secret@[/x' }, 'The server of DATABASE_URL cannot be used: '],
])('refuses %o with the reason and without the password', async (env, reason) => {
  const { code, text } = await run(env)
  expect(code).toBe(1)
  expect(text).toContain(reason)
  expect(text).not.toContain('secret')
})

it('refuses a report file that cannot be written before it starts anything', async () => {
  const { code, text } = await run({}, { report: '/no/such/folder/report.html' })
  expect(code).toBe(1)
  expect(text).toContain('The report cannot be written to /no/such/folder/report.html: ENOENT')
  expect(text).not.toContain('Three services')
})

it('reads its options and names a wrong one', () => {
  expect(parseOptions([])).toEqual({ services: false, report: 'larder-report.html' })
  expect(parseOptions(['--services', '--report', 'x.html'])).toEqual({ services: true, report: 'x.html' })
  expect(parseOptions(['--report', 'x.html', '--help'])).toBe('help')
  expect(() => parseOptions(['--service'])).toThrow("'--service'")
  for (const line of USAGE.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})
