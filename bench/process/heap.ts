import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Context } from '../context.ts'
import type { HeapUse } from './heap-member.ts'

/** How long the process may take, in ms. */
const LONGEST = 60_000

/** What a row that is kept takes of this process's memory, and what `maxBytes` counts of it. */
export async function benchHeap({ show }: Context): Promise<void> {
  const child = fork(new URL('heap-member.ts', import.meta.url), { execArgv: ['--expose-gc'] })
  try {
    const [kept] = (await once(child, 'message', { signal: AbortSignal.timeout(LONGEST) })) as [HeapUse]
    show({
      id: 'heap',
      title: 'Memory of the process: a kept row of 300 B',
      note: `Heap and buffers after a collection, divided by ${kept.rows} rows that were read twice, each by its
own id. Counted is what fills maxBytes: the bound, divided by the rows that it keeps.`,
      columns: [
        { name: 'taken', unit: 'bytes' },
        { name: 'counted', unit: 'bytes' },
        { name: 'counted × taken', unit: '×' },
      ],
      rows: [
        {
          name: 'memoryStore()',
          figures: [kept.bytesPerRow, kept.countedPerRow, kept.countedPerRow / kept.bytesPerRow].map(
            (value) => ({ value }),
          ),
        },
      ],
    })
  } finally {
    child.kill()
  }
}
