import { expect, it } from 'vitest'
import type { EntryRequest, LookUpResult } from '../../src/tier/look-up.ts'
import { createSharedLookUps } from '../../src/tier/look-up-results.ts'
import { reads } from '../support/item-host.ts'
import { remote } from './remote.ts'

/** Look-ups of one process. `none`: the store does not count its packets. */
function sharing(count: 'count' | 'none' = 'count') {
  const pending = { any: false }
  let packets = 0
  const send = (): void => {
    packets++
  }
  const shared = createSharedLookUps({
    packetsSent: () => (count === 'none' ? undefined : packets),
    pending,
  })
  let begun = 0
  /** The number of the look-up that answers the read. */
  const read = async (wanted: EntryRequest, { until = Number.POSITIVE_INFINITY, sendNow = false } = {}) => {
    const lookUp = async (): Promise<LookUpResult> => {
      if (sendNow) send()
      begun++
      return { epoch: String(begun) } as LookUpResult
    }
    const result = await (shared.join(wanted) ?? shared.begin(wanted, until, lookUp))
    return Number(result?.epoch)
  }
  return { read, send, pending }
}

const tags: EntryRequest['tags'] = []
const wanted = (more: Partial<EntryRequest> = {}): EntryRequest => ({
  operation: 'Item.findUnique',
  key: { key: 'key', proof: 'proof' },
  started: 0,
  writing: new Set(),
  tags,
  ...more,
})
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('equal reads of one turn share a look-up, and those of the next turn do not', async () => {
  const { read } = sharing()
  expect(await Promise.all([read(wanted()), read(wanted()), read(wanted())])).toEqual([1, 1, 1])
  await nextTurn()
  expect(await read(wanted())).toBe(2)
})

it('reads of other entries or with other tags have a look-up of their own', async () => {
  const { read } = sharing()
  const others = [wanted({ key: { key: 'other', proof: 'proof' } }), wanted({ tags: [] })]
  expect(await Promise.all([wanted(), ...others].map((each) => read(each)))).toEqual([1, 2, 3])
})

it('a look-up that is sent at once is not shared with a later caller', async () => {
  const { read } = sharing()
  expect(await Promise.all([read(wanted(), { sendNow: true }), read(wanted()), read(wanted())])).toEqual([
    1, 2, 2,
  ])
})

it('no look-up is shared after the next packet was sent', async () => {
  const { read, send } = sharing()
  const first = read(wanted())
  send()
  expect(await Promise.all([first, read(wanted()), read(wanted())])).toEqual([1, 2, 2])
})

it('a read neither joins nor begins a shared look-up while this process writes', async () => {
  const { read, pending } = sharing()
  const before = read(wanted())
  pending.any = true
  const during = [read(wanted()), read(wanted())]
  pending.any = false
  expect(await Promise.all([before, ...during, read(wanted())])).toEqual([1, 2, 3, 1])
})

it('a read does not join a look-up whose entry has expired by then', async () => {
  const { read } = sharing()
  const first = read(wanted(), { until: 10 })
  expect(await Promise.all([first, read(wanted({ started: 9 })), read(wanted({ started: 10 }))])).toEqual([
    1, 1, 2,
  ])
})

it('nothing is shared over a store that does not count its packets', async () => {
  const { read } = sharing('none')
  expect(await Promise.all([read(wanted()), read(wanted())])).toEqual([1, 2])
})

it.each(['validate', 'off'] as const)(
  'equal reads of one turn fetch once and get objects of their own, in mode %s',
  async (mode) => {
    const { get, takeCalls } = remote({
      memory: { mode },
      through: (store) => ({ ...store, packetsSent: () => 0 }),
    })
    await get(reads.byId(1))
    takeCalls()
    const results = await Promise.all(Array.from({ length: 50 }, () => get(reads.byId(1))))
    expect(takeCalls()).toHaveLength(1)
    expect(new Set(results.map(({ result }) => result)).size).toBe(50)
    expect(new Set(results.map(({ source }) => source))).toEqual(
      new Set([mode === 'off' ? 'store' : 'memory']),
    )
  },
)
