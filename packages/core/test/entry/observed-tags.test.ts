import { describe, expect, it } from 'vitest'
import { decideFreshness, type EntryState, type ObservedTag } from '../../src/entry/observed-tags.ts'
import { RecordedNonces } from '../../src/entry/recorded-nonces.ts'

const tag = (name: string, nonce: string | undefined, dirty = false, optional = false): ObservedTag => ({
  name,
  nonce,
  dirty,
  optional,
})
const entry = (nonces: Record<string, string>, more: Partial<EntryState> = {}): EntryState => ({
  remaining: 1,
  epoch: 'e',
  belongsToRead: true,
  nonces: new RecordedNonces(Object.entries(nonces)),
  ...more,
})
const a = tag('a', '1')
const list = (nonce: string | undefined, dirty = false) => tag('list', nonce, dirty, true)
const E = entry({ a: '1' })
const withList = entry({ a: '1', list: '7' })

const table: [string, EntryState | undefined, ObservedTag[], string][] = [
  ['every tag clean and unchanged is a hit', E, [a], 'hit'],
  ['no entry is a miss', undefined, [a], 'miss'],
  ['an entry of a different read is a miss', entry({ a: '1' }, { belongsToRead: false }), [a], 'miss'],
  ['an entry at the end of its ttl is expired', entry({ a: '1' }, { remaining: 0 }), [a], 'expired'],
  ['an entry past the end of its ttl is expired', entry({ a: '1' }, { remaining: -1 }), [a], 'expired'],
  [
    'an expired entry with a changed tag is invalidated',
    entry({ a: '1' }, { remaining: 0 }),
    [tag('a', '2')],
    'invalidated',
  ],
  [
    'an expired entry of another epoch is invalidated',
    entry({ a: '1' }, { remaining: -1, epoch: 'f' }),
    [a],
    'invalidated',
  ],
  ['another epoch is an invalidation', entry({ a: '1' }, { epoch: 'f' }), [a], 'invalidated'],
  ['a changed nonce is an invalidation', E, [tag('a', '2')], 'invalidated'],
  ['a missing tag is an invalidation', E, [tag('a', undefined)], 'invalidated'],
  ['a tag the entry did not record is an invalidation', entry({}), [a], 'invalidated'],
  ['a tag the read no longer needs is an invalidation', entry({ a: '1', b: '2' }), [a], 'invalidated'],
  ['the same number of other tags is an invalidation', entry({ b: '1' }), [a], 'invalidated'],
  ['no tags at all is a hit', entry({}), [], 'hit'],
  ['a dirty tag that the read needs is dirty', E, [tag('a', '1', true)], 'dirty'],
  ['a dirty tag is dirty without an entry too', undefined, [tag('a', '1', true)], 'dirty'],
  [
    'a dirty tag is dirty for an expired entry too',
    entry({ a: '1' }, { remaining: 0 }),
    [tag('a', '1', true)],
    'dirty',
  ],
  ['one dirty tag among clean ones is dirty', entry({ a: '1', b: '1' }), [a, tag('b', '1', true)], 'dirty'],
  ['a list that the entry did not record may have any nonce', E, [list('9'), a], 'hit'],
  ['a list that the entry did not record may be missing', E, [list(undefined), a], 'hit'],
  ['a list that the entry did not record may be dirty', E, [list('9', true), a], 'hit'],
  ['an unchanged list that the entry recorded is a hit', withList, [list('7'), a], 'hit'],
  ['a changed list that the entry recorded is an invalidation', withList, [list('8'), a], 'invalidated'],
  [
    'a missing list that the entry recorded is an invalidation',
    withList,
    [list(undefined), a],
    'invalidated',
  ],
  [
    'a dirty list that the entry recorded is an invalidation, and the read may load',
    withList,
    [list('7', true), a],
    'invalidated',
  ],
  ['a dirty list does not force a read without an entry to bypass', undefined, [list('7', true), a], 'miss'],
  ['a dirty list does not hide another dirty tag', withList, [list('7', true), tag('a', '1', true)], 'dirty'],
  ['a dirty list does not hide a changed tag', E, [list('7', true), tag('a', '2')], 'invalidated'],
]

describe('the freshness rule', () => {
  it.each(table)('%s', (_, sight, tags, expected) => {
    const freshness = decideFreshness(sight, tags, 'e')
    expect(freshness.kind === 'miss' ? freshness.reason : freshness.kind).toBe(expected)
  })
})
