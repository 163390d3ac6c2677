import { Session } from 'node:inspector/promises'

/** Bytes between two samples. Smaller is finer and slower. */
const INTERVAL = 1_024

interface Node {
  readonly selfSize: number
  readonly children: readonly Node[]
}

/** @returns bytes that `action` allocated on the heap, about: those that were collected meanwhile too. */
export async function sampleAllocations(action: () => Promise<unknown>): Promise<number> {
  const session = new Session()
  session.connect()
  try {
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: INTERVAL,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    })
    await action()
    const { profile } = await session.post('HeapProfiler.stopSampling')
    return total(profile.head as Node)
  } finally {
    session.disconnect()
  }
}

function total({ selfSize, children }: Node): number {
  return children.reduce((sum, child) => sum + total(child), selfSize)
}
