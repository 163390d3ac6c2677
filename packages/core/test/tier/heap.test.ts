import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sweep } from '@larder/testing'
import { expect, it } from 'vitest'

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

interface Probed {
  /** Bytes of the heap for each row, and bytes that `maxBytes` counts for it. */
  readonly heapBytes: number
  readonly counted: number
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
const probes = [
  ['memory', 300, 600, 1, 20],
  ['validate', 3_000, 1_000, 2, 1],
  ['push', 300, 3_000, 1, 1],
  ['memory', 300, 1_500, 1, 1],
  ['memory', 30_000, 300, 1, 1],
] as const

it.each(sweep(probes, 2))(
  'maxBytes estimates the heap within 20 %: %s, %i bytes, %i rows',
  async (...settings) => {
    const { heapBytes, counted } = await probe(...settings)
    expect(counted / heapBytes).toBeGreaterThan(0.8)
    expect(counted / heapBytes).toBeLessThan(1.2)
  },
  120_000,
)
