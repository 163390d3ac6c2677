import type { TagRequest } from '@larder/core/store'
import { expect, it } from 'vitest'
import type { Batch } from '../../src/connection/send.ts'
import { createPackets } from '../../src/read/packet.ts'
import { createTagTexts } from '../../src/tags/tag-text.ts'
import type { Topology, ValkeyNode } from '../../src/topology/topology.ts'

const record = '{n:main:item}'
const requestOf = (id: number): TagRequest => ({ record, fields: ['list'], cells: [`${record}:id=${id}`] })

/** A node whose server answers when it is told to. `sent` are the reads of each packet. */
function fakeNode() {
  const token = {
    incarnation: 'i',
    anyKeys: true,
    offset: { least: 0, most: 0 },
    trustPeriod: 0,
    checksBegun: 0,
  }
  const sent: number[] = []
  let collected: Batch[] = []
  const onWay: { readonly batch: Batch; readonly commands: number }[] = []
  const flush = (): void => {
    for (const batch of collected) {
      const commands = batch.commands()
      onWay.push({ batch, commands: commands.length })
      sent.push(JSON.stringify(commands).split(':id=').length - 1)
    }
    collected = []
  }
  const node = { requireTrust: () => token, send: (batch: Batch) => collected.push(batch), flush }
  const packets = createPackets(() => ({}) as Topology, createTagTexts())
  return {
    sent,
    flush,
    /** Reads that are asked for in one turn, so far. */
    ask(count: number) {
      for (let id = 0; id < count; id++) {
        const packet = packets.to(node as unknown as ValkeyNode)
        packet.askTable(requestOf(id))
        packet.wait({ replied() {} })
      }
    },
    answer() {
      for (const { batch, commands } of onWay.splice(0)) batch.done(new Array(commands).fill([]))
    },
  }
}

it('reads of one turn share a packet while nobody knows how many there are', () => {
  const { sent, ask, flush } = fakeNode()
  ask(40)
  expect(sent).toEqual([])
  flush()
  expect(sent).toEqual([40])
})

it('half of the reads that are on their way at once are sent before the turn ends', () => {
  const { sent, ask, flush, answer } = fakeNode()
  ask(40)
  flush()
  answer()
  ask(20)
  expect(sent).toEqual([40, 20])
  ask(19)
  expect(sent).toEqual([40, 20])
  flush()
  expect(sent).toEqual([40, 20, 19])
})

it('a few reads are never parted', () => {
  const { sent, ask, flush, answer } = fakeNode()
  for (let turn = 0; turn < 3; turn++) {
    ask(15)
    flush()
    answer()
  }
  expect(sent).toEqual([15, 15, 15])
})

it('reads are not sent early while more than half of the usual number wait for replies', () => {
  const { sent, ask, flush, answer } = fakeNode()
  ask(40)
  flush()
  answer()
  ask(30)
  flush()
  expect(sent).toEqual([40, 20, 10])
  ask(40)
  expect(sent).toEqual([40, 20, 10])
})

it('the number of reads at once is forgotten when they become fewer', () => {
  const { sent, ask, flush, answer } = fakeNode()
  ask(40)
  flush()
  answer()
  for (let turn = 0; turn < 30; turn++) {
    ask(4)
    flush()
    answer()
  }
  sent.length = 0
  ask(20)
  expect(sent).toEqual([])
})
