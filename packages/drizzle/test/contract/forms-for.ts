import { sized } from '@larder/testing'
import type { Driver } from './driver.ts'

type Forms<T> = Readonly<Record<string, T>>

/**
 * The forms of SQL that a rule is tested with. Drizzle builds them, and Larder analyses them, by dialect: in a short run a
 * second driver of a dialect takes only those whose way through the driver differs, by name. Others are not in its dialect.
 */
export function formsFor<T>(driver: Pick<Driver, 'second'>, all: Forms<T>, few: readonly string[]): Forms<T> {
  if (!driver.second) return all
  return sized(Object.fromEntries(Object.entries(all).filter(([name]) => few.includes(name))), all)
}
