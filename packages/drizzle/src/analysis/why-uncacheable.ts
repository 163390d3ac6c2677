import { volatileText, volatileWords } from '@larder/core/host'

/** How many SELECTs and JOINs of a statement were produced by builders. */
export interface BuilderCounts {
  readonly selects: number
  readonly joins: number
}

/**
 * Why the result of a read may change while its tables do not, or may depend on tables that no builder named. Undefined:
 * it cannot.
 * @param words the words of `text`, from core's `sqlWords`.
 */
export function whyUncacheable(
  text: string,
  words: readonly string[],
  expected: BuilderCounts,
): string | undefined {
  const volatile = volatileText(text) ?? volatileWords(words)
  if (volatile) return volatile
  let selects = 0
  let joins = 0
  for (const word of words) {
    if (word === 'SELECT') selects++
    else if (word === 'JOIN') joins++
    // TABLE "name" selects the whole table.
    else if (word === 'TABLE') return 'table'
  }
  if (selects !== expected.selects || joins !== expected.joins) return 'raw SQL with a query in it'
  return undefined
}

/** Why the result of raw SQL may change while the tables named by its caller do not. */
export function whyRawUncacheable(text: string, words: readonly string[]): string | undefined {
  const end = words.indexOf(';')
  if (end >= 0 && end < words.length - 1) return 'several statements'
  return volatileText(text) ?? volatileWords(words)
}
