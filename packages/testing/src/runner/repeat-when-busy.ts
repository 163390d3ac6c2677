import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { afterEach, beforeEach } from 'vitest'
import { BUSY } from './busy.ts'

/**
 * The label of assertions that a busy machine does not excuse: `expect(row.value, FRESH).toBe('new')`. A test that
 * fails by one of them is not repeated.
 */
export const FRESH = 'no stale value'

/** A wait below this, in milliseconds, delays no deadline of a test. */
const LEAST = 50
/** The same as a share of the time that the test took. */
const SHARE = 0.02

/**
 * Repeats a test of this file that failed while processes had to wait for a processor. Call it in files whose tests need
 * answers within a deadline. On an idle machine every test runs once.
 */
export function repeatWhenBusy(): void {
  let began = 0
  let before = 0
  beforeEach(() => {
    began = performance.now()
    before = waitedForProcessor()
  })
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return
    const errors = task.result.errors?.map(({ message }) => message) ?? []
    const why = whyRepeat(errors, waitedForProcessor() - before, performance.now() - began)
    if (why === undefined) return
    process.stderr.write(`${task.name}: ${errors.at(-1)?.split('\n', 1)[0]}; ${why}\n`)
    // Vitest repeats a test whose last error has this text.
    throw new Error(why)
  })
}

/**
 * Why a test that failed with these errors is repeated; undefined if it is not.
 * @param waited milliseconds in which a process had to wait for a processor meanwhile.
 * @param took milliseconds that the test took.
 */
export function whyRepeat(errors: readonly string[], waited: number, took: number): string | undefined {
  if (errors.some((message) => message.startsWith(FRESH))) return undefined
  if (waited < Math.max(LEAST, SHARE * took)) return undefined
  return `${BUSY}: processes waited ${Math.round(waited)} ms for a processor`
}

/** Milliseconds in which a process that could run had to wait, since the machine was started. */
function waitedForProcessor(): number {
  const pressure = read('/proc/pressure/cpu')
  // Without these figures, a load above the number of processors counts as waiting all the time.
  if (pressure === undefined) return (loadavg()[0] ?? 0) > availableParallelism() ? performance.now() : 0
  const waited = Number(/^some .*total=(\d+)/m.exec(pressure)?.[1] ?? 0) / 1_000
  // The time that a virtual machine did not get from its host, in hundredths of a second.
  const stolen = Number(read('/proc/stat')?.split(/\s+/, 9)[8] ?? 0) * 10
  return waited + stolen
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
