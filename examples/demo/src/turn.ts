import { setImmediate } from 'node:timers/promises'

/**
 * A turn of the event loop. PGlite and the memory store answer without one, and signals are heard only in one: work
 * that goes on for long takes a turn now and then, or a Ctrl-C would wait until the end.
 */
export async function turn(): Promise<void> {
  await setImmediate()
}
