import type { ValueTypes } from '@larder/core'
import { canonical, createBounded, createQueryMap } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { hasUndefined, withOwnTexts } from './argument.ts'
import { type PlannedRead, planRead, type RowQuery, rowReadOf } from './read.ts'

/** A read by its arguments: what it depends on, and what names its entry. */
export interface ReadByArguments extends PlannedRead {
  /** Present if it reads one row by a unique key. */
  readonly row: RowQuery | undefined
  /** Of `row`, or else of the arguments and the data path. Undefined: they have no canonical text. */
  readonly queryText: string | undefined
}

/** Plans reads of one client. */
export interface ReadPlans {
  /** The plan of a cached read. It is remembered by the values of its arguments, whatever object holds them. */
  ofCached(operation: string, model: string, args: unknown, dataPath: readonly unknown[]): ReadByArguments
  /** The same for a read whose entry nobody asks for. */
  ofUncached(operation: string, model: string, args: unknown, dataPath: readonly unknown[]): ReadByArguments
}

/** Plans of all operations together, a kilobyte or two each. A plan holds nothing of the caller's arguments. */
const MOST_REMEMBERED = 10_000
/** Longer texts are planned every time. */
const LONGEST_REMEMBERED = 512

/**
 * @param refusesUndefined true if the client refuses arguments that are `undefined`. Such a call must reach Prisma: its entry
 * would be that of the call without them.
 */
export function createReadPlans(models: ModelMap, types: ValueTypes, refusesUndefined = false): ReadPlans {
  const plans = createQueryMap<ReadByArguments>(MOST_REMEMBERED)
  // Of arguments that do not fit in there, for example dates.
  const plansByText = createBounded<ReadByArguments>(MOST_REMEMBERED)
  const textOf = (value: unknown): string | undefined => {
    try {
      return canonical(value, types)
    } catch {
      return undefined
    }
  }
  const plan: ReadPlans['ofUncached'] = (operation, model, args, dataPath) => ({
    ...planRead(operation, model, args, models, dataPath),
    row: rowReadOf(models, model, operation, args, dataPath),
    queryText: undefined,
  })
  return {
    ofUncached: plan,
    ofCached(operation, model, args, dataPath) {
      if (refusesUndefined && hasUndefined(args))
        return { ...plan(operation, model, args, dataPath), opaque: 'undefined' }
      const parts = [model, operation, dataPath, args]
      const known = plans.get(parts)
      if (known) return known
      const text = textOf({ args, dataPath })
      if (text === undefined) return plan(operation, model, args, dataPath)
      const name = `${model}.${operation}${text}`
      const remembered = plansByText.get(name)
      if (remembered) return remembered
      const isLong = text.length > LONGEST_REMEMBERED
      const planned = plan(operation, model, isLong ? args : withOwnTexts(args), dataPath)
      const complete = { ...planned, queryText: planned.row ? textOf(planned.row.query) : text }
      if (!isLong && !plans.set(parts, complete)) plansByText.set(name, complete)
      return complete
    },
  }
}
