import { volatileText, volatileWords } from '@larder/core/host'

/** What builders account for in a statement. */
export interface Accounted {
  readonly selects: number
  readonly joins: number
}

/**
 * Why a read's result may change while its tables do not, or depends on tables no builder named; undefined if it does
 * not. `words` as `sqlWords` of core gives them, `text` the whole SQL text.
 */
export function unfitFor(text: string, words: readonly string[], accounted: Accounted): string | undefined {
  const changing = volatileText(text) ?? volatileWords(words)
  if (changing) return changing
  let selects = 0
  let joins = 0
  for (const word of words) {
    if (word === 'SELECT') selects++
    else if (word === 'JOIN') joins++
    // TABLE "name" is a SELECT of all of it.
    else if (word === 'TABLE') return 'table'
  }
  if (selects !== accounted.selects || joins !== accounted.joins) return 'raw SQL with a query in it'
  return undefined
}

/** Why the result of raw SQL may change while the tables that its caller names do not. */
export function rawUnfit(text: string, words: readonly string[]): string | undefined {
  const end = words.indexOf(';')
  if (end >= 0 && end < words.length - 1) return 'several statements'
  return volatileText(text) ?? volatileWords(words)
}
