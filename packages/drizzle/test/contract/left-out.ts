import { it } from 'vitest'
import type { Driver } from './driver.ts'

/** A rule of the contract; left out, with its reason printed, where `reason` gives one. */
export function rule(driver: Driver, name: string, reason: string | false, test: () => Promise<void>): void {
  if (reason === false) {
    it(name, test)
    return
  }
  process.stdout.write(`left out over ${driver.name}: ${name}: ${reason}\n`)
  it(name, ({ skip }) => skip(reason))
}

/** Why a rule that needs somebody else to meet a lock is left out. */
export function unrivalled({ concurrent, rivals }: Driver): string | false {
  return concurrent || rivals ? false : 'nobody else can reach the database while a transaction is open'
}

/** Why a rule that needs a second connection beside an open transaction is left out. */
export function alone({ concurrent }: Driver): string | false {
  return concurrent ? false : 'there is no second connection beside an open transaction'
}
