import { it } from 'vitest'
import type { Driver } from './driver.ts'

/** Registers a test, or skips it and prints the `reason`. */
export function rule(driver: Driver, name: string, reason: string | false, test: () => Promise<void>): void {
  if (reason === false) {
    it(name, test)
    return
  }
  process.stdout.write(`skipped over ${driver.name}: ${name}: ${reason}\n`)
  it(name, ({ skip }) => skip(reason))
}

/** Why a test that needs another client at the same lock is skipped. */
export function whyNoRival({ concurrent, hasRivals: rivals }: Driver): string | false {
  return concurrent || rivals ? false : 'no other client can reach the database while a transaction is open'
}

/** Why a test that needs a second connection during a transaction is skipped. */
export function whyNoSecondConnection({ concurrent }: Driver): string | false {
  return concurrent ? false : 'there is no second connection during a transaction'
}

/** Why a test whose transactions await something is skipped. */
export function whyNoAsyncTransaction({ synchronous }: Driver): string | false {
  return synchronous === true && 'its transactions are synchronous'
}
