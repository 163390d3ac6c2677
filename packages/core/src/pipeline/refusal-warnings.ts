import { show } from '../base/show.ts'
import { canonical } from '../keys/canonical.ts'
import type { Refusal } from '../plan/contribution.ts'
import type { Events } from '../report/events.ts'

/** Keys of computed values that are remembered, so that each is reported once. */
const MOST_KEYS = 1_000

/** Reports computed values that their own load keeps from being stored: a `warning` event, once for each key. */
export function createRefusalWarnings(events: Events): (key: unknown, cause: Refusal) => void {
  const reported = new Set<string>()
  return (key, { operation, because, permanent }) => {
    if (!permanent) return
    const name = canonical(key)
    if (reported.has(name)) return
    if (reported.size >= MOST_KEYS) reported.clear()
    reported.add(name)
    const message = `wrap(${show(key)}) is not stored: its load calls ${operation}, and ${because}. Give capture: false with the tables it reads to store it anyway`
    events.emit('warning', { code: 'wrap-not-stored', message })
  }
}
