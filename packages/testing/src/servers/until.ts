import { setTimeout as wait } from 'node:timers/promises'

/**
 * Waits until `holds` does, asking again and again for at most `most` milliseconds. A question that fails is a no.
 * @throws Error after that, with the last failure as its cause.
 */
export async function until(holds: () => Promise<boolean> | boolean, most = 30_000): Promise<void> {
  const end = performance.now() + most
  let cause: unknown
  for (;;) {
    try {
      if (await holds()) return
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > end) throw new Error(`not within ${most} ms: ${holds}`, { cause })
    await wait(10)
  }
}
