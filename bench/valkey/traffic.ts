import { zipf as ranks } from '@larder/testing'

/** Reads that arrive at a fixed rate, whatever the answers take. */
export interface Traffic {
  readonly perSecond: number
  readonly seconds: number
  read(): Promise<unknown>
  /** Called about ten times a second. */
  tick?(): void
}

/** Milliseconds from when each read was due until its answer, in the order of the answers. A read that is sent late counts from when it was due. */
export async function arrive({ perSecond, seconds, read, tick }: Traffic): Promise<readonly number[]> {
  const times: number[] = []
  const running = new Set<Promise<void>>()
  const began = performance.now()
  const total = perSecond * seconds
  let ticked = began
  for (let sent = 0; sent < total; ) {
    const now = performance.now()
    for (; sent < total && began + (sent * 1_000) / perSecond <= now; sent++) {
      const due = began + (sent * 1_000) / perSecond
      const one = read().then(() => void times.push(performance.now() - due))
      running.add(one)
      void one.finally(() => running.delete(one))
    }
    if (tick && now - ticked >= 100) {
      ticked = now
      tick()
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(running)
  return times
}

/** Numbers from 1 to `count` by a Zipf distribution: the second is drawn half as often as the first. */
export function zipf(count: number, random: () => number = Math.random): () => number {
  const rank = ranks(count, 1, random)
  return () => rank() + 1
}
