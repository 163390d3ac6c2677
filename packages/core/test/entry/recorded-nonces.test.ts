import { expect, it } from 'vitest'
import { decideFreshness, isUnchanged, observeTags } from '../../src/entry/observed-tags.ts'
import { RecordedNonces } from '../../src/entry/recorded-nonces.ts'
import type { Fetched } from '../../src/store/store.ts'
import type { ReadTag } from '../../src/tags/read-tags.ts'
import type { TagState } from '../../src/tags/tag.ts'

const states: readonly TagState[] = [
  null,
  { nonce: '1', dirty: false },
  { nonce: '2', dirty: false },
  { nonce: '1', dirty: true },
]
const NAMES = ['t/list', 't/id', 'cell'] as const

function* combinations<T>(values: readonly T[], length: number): Generator<T[]> {
  if (length === 0) yield []
  else for (const rest of combinations(values, length - 1)) for (const value of values) yield [...rest, value]
}

const tagOf = (more: Partial<ReadTag>): ReadTag => ({
  record: 't',
  fields: ['list', 'id'],
  cells: ['cell'],
  list: 'depends',
  names: NAMES,
  insteadOfList: () => undefined,
  ...more,
})

it('the check by recorded nonces gives the same result as the freshness rule on the list of tags', () => {
  const kinds = [tagOf({}), tagOf({ list: 'maybe' }), tagOf({ resultCells: 1 }), tagOf({ captured: true })]
  const differences: unknown[] = []
  let valid = 0
  for (const kind of kinds)
    for (const recorded of combinations([undefined, '1'], 4))
      for (const [a = null, b = null, cell = null] of combinations(states, 3))
        for (const [sameRead = false, sameEpoch = false, written = false] of combinations([true, false], 3)) {
          const names = [...NAMES, 'another tag']
          const nonces = new RecordedNonces(
            recorded.flatMap((nonce, at) => (nonce ? [[names[at] ?? '', nonce] as const] : [])),
          )
          const entry = { remaining: 1, belongsToRead: sameRead, epoch: sameEpoch ? 'e' : 'f', nonces }
          const fetched: Fetched = { epoch: 'e', entry: null, tags: [{ fields: [a, b], cells: [cell] }] }
          const writing = new Set(written ? ['t'] : [])
          const rule = decideFreshness(entry, observeTags([kind], fetched, writing), 'e').kind === 'hit'
          // A record to which this process is writing is left to the rule.
          if (isUnchanged(entry, [kind], fetched, writing) !== (rule && !written))
            differences.push({ entry, kind, fetched, written })
          if (rule) valid++
        }
  expect(differences).toEqual([])
  expect(valid).toBeGreaterThan(50)
})
