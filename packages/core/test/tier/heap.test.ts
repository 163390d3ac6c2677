import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sweep } from '@larder/testing'
import { expect, it } from 'vitest'

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

interface Probed {
  /** What `maxBytes` allows a cache, and what the cache takes of the heap when it is full. */
  readonly bound: number
  readonly full: number
  /** Bytes that each row takes. */
  readonly each: number
  /** Whether all rows fit into a cache with four fifths of what they take, and into one with six fifths. */
  readonly fitsTight: boolean
  readonly fitsWide: boolean
}

async function probe(...settings: readonly (string | number)[]): Promise<Probed> {
  const sources = fileURLToPath(new URL('../../../valkey/test/sources.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--expose-gc', '--import', sources, at('heap-probe.ts')],
    ...settings.map(String),
  ])
  return JSON.parse(stdout)
}

// What keeps it, bytes of the row, rows, reads of each, tags of each.
const readOnce = [
  ['memory', 300, 600, 1, 20],
  ['memory', 300, 1_500, 1, 1],
  ['memory', 3_000, 1_500, 1, 1],
  ['memory', 30_000, 300, 1, 1],
] as const

it.each(sweep(readOnce, 1))(
  'rows read once are counted as what they take, within 20 %: %s, %i bytes, %i rows, %i reads, %i tags',
  async (...settings) => {
    expect(await probe(...settings)).toMatchObject({ fitsTight: false, fitsWide: true })
  },
  120_000,
)

const readAgain = [
  ['validate', 3_000, 1_000, 2, 1],
  ['memory', 300, 3_000, 2, 1],
  ['validate', 300, 600, 2, 20],
  ['push', 300, 3_000, 2, 1],
  ['memory', 3_000, 1_500, 2, 1],
  ['memory', 30_000, 300, 2, 1],
] as const

it.each(sweep(readAgain, 1))(
  'a full cache of rows read again takes what maxBytes allows, within 20 %: %s, %i bytes, %i rows, %i reads, %i tags',
  async (...settings) => {
    const { bound, full } = await probe(...settings)
    expect(bound / full).toBeGreaterThan(0.8)
    expect(bound / full).toBeLessThan(1.2)
  },
  120_000,
)

it('a row of 300 bytes that is read again takes less than 2.4 kB in a memory store', async () => {
  const { each } = await probe('memory', 300, 3_000, 2, 1)
  expect(each).toBeLessThan(2_400)
}, 120_000)
