import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Context } from '../context.ts'
import type { Row } from '../sheet.ts'
import { table } from '../table.ts'
import type { Size } from '../valkey/items.ts'
import type { Keeper, Kept, KeptCase } from './heap-member.ts'

/** How long a process may take, in ms. */
const LONGEST = 60_000
/** Rows of each size. */
const ROWS: Readonly<Record<Size, number>> = { '300 B': 5_000, '3 kB': 2_000, '30 kB': 500 }
const KEEPERS: Readonly<Record<Keeper, string>> = {
  'memoryStore()': 'memoryStore()',
  validate: 'Valkey, validate',
  push: 'Valkey, push',
}

/** What a row that is kept takes of this process's memory, and what `maxBytes` counts of it. */
export async function benchHeap({ quick, show, server }: Context): Promise<void> {
  const { url, prefix } = await server()
  const rows: Row[] = []
  for (const [keeper, name] of Object.entries(KEEPERS) as [Keeper, string][])
    for (const [size, count] of Object.entries(ROWS) as [Size, number][]) {
      if (quick && keeper !== 'memoryStore()') continue
      const { taken, share } = await measure({
        keeper,
        size,
        rows: count,
        url,
        prefix: `${prefix}-${rows.length}`,
        detailed: false,
      })
      const figures = [taken, taken * share, share].map((value) => ({ value }))
      rows.push({ name: `${name}: ${size}`, figures })
    }
  show({
    id: 'heap',
    title: 'Memory of the process: kept rows',
    note: `Heap and buffers after a collection, for each row: every row was read twice by its own id, the second time
from memory. Counted is what maxBytes counts for such a row.`,
    columns: [
      { name: 'taken', unit: 'bytes' },
      { name: 'counted', unit: 'bytes' },
      { name: 'counted ÷ taken', unit: '×' },
    ],
    rows,
  })
}

/** What the rows of 300 B consist of in each keeper, as text. */
export async function heapProfile(keeper: Keeper, { server }: Context): Promise<string> {
  const { url, prefix } = await server()
  const rows = ROWS['300 B']
  const kept = await measure({ keeper, size: '300 B', rows, url, prefix: `${prefix}-d`, detailed: true })
  const lines = kept.holdings.map(({ path, bytes, objects }) => [
    path,
    (bytes / rows).toFixed(0),
    (objects / rows).toFixed(2),
  ])
  return `Taken by each row: ${kept.taken.toFixed(0)} bytes.\n\n${table(['held by', 'bytes', 'objects'], lines)}\n`
}

async function measure(kept: KeptCase): Promise<Kept> {
  const child = fork(new URL('heap-member.ts', import.meta.url), [JSON.stringify(kept)], {
    execArgv: ['--expose-gc'],
  })
  try {
    const [measured] = await once(child, 'message', { signal: AbortSignal.timeout(LONGEST) })
    return measured as Kept
  } finally {
    child.kill()
  }
}
