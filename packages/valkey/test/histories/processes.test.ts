import type { ReadReport } from '@larder/core'
import { FRESH, repeatWhenBusy, valkeyUrl } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemberProcesses, startMembers } from '../support/member-processes.ts'
import { connectTo, until } from '../support/server.ts'

repeatWhenBusy()

type Read = ReadReport & { readonly value: string }

/** How long another process's write may go unseen, in milliseconds. */
const SLACK = { off: 0, validate: 0, push: 1_000 }

describe.each(['off', 'validate', 'push'] as const)('two processes on one server, memory %s', (mode) => {
  const name = `processes:${process.pid}:${mode}`
  const slack = SLACK[mode]
  let members: MemberProcesses

  beforeAll(async () => {
    members = await startMembers(2, await valkeyUrl(), name, mode)
  })
  afterAll(async () => {
    members?.stop()
    const server = connectTo(await valkeyUrl())
    await server.unlink(name)
    server.disconnect()
  })

  const read = (member: number, id: number): Promise<Read> => members.ask<Read>(member, { read: id })
  const write = (member: number, id: number, value: string): Promise<unknown> =>
    members.ask(member, { write: id, value })
  const isHit = async (member: number, id: number): Promise<boolean> =>
    (await read(member, id)).source !== 'database'
  /** Both processes answer from the cache; where there is a memory tier, from that. */
  const warm = async (id: number): Promise<void> => {
    const source = mode === 'off' ? 'store' : 'memory'
    for (const member of [0, 1]) await until(async () => (await read(member, id)).source === source)
  }

  it('a write in one process is visible to every read in the other that begins after the slack, sixty times', async () => {
    const late: string[] = []
    let hits = 0
    for (let time = 0; time < 60; time++) {
      const value = `v${time}`
      await write(time % 2, 1, value)
      const returned = performance.now()
      for (let latest = ''; latest !== value; ) {
        const began = performance.now()
        latest = (await read(1 - (time % 2), 1)).value
        if (latest !== value && began >= returned + slack) late.push(`${latest} after ${value}`)
      }
      if (time % 10 === 0) await warm(1)
      hits += Number(await isHit(time % 2, 1))
    }
    expect(late, FRESH).toEqual([])
    // It is the cache that was tested, not the database.
    expect(hits).toBeGreaterThan(5)
  })

  it('an entry that one process stored is a hit in the other', async () => {
    await write(0, 2, 'shared')
    await until(() => isHit(0, 2))
    const report = await read(1, 2)
    expect(report).toMatchObject({ source: 'store', value: 'shared' })
  })

  it('invalidate all in one process invalidates the other’s cached reads', async () => {
    await write(0, 3, 'x')
    await warm(3)
    await members.ask(0, { invalidate: 'all' })
    expect((await read(0, 3)).source).toBe('database')
    await warm(3)
    await members.ask(1, { invalidate: 'all' })
    const returned = performance.now()
    // Others are told of it when they ask next: within two seconds.
    await until(async () => !(await isHit(0, 3)), 2_000)
    expect(performance.now() - returned).toBeLessThan(2_500)
  })

  it('with concurrent reads and writes in both processes, no read is older than its start minus the slack', async () => {
    const versions: { readonly at: number; readonly version: number }[] = []
    const wrong: string[] = []
    const end = performance.now() + 1_500 + 2 * slack
    let hits = 0
    // A busy machine takes longer to get as far.
    const isOver = (): boolean => {
      const now = performance.now()
      return (now >= end && versions.length > 20 && hits > 10) || now >= end + 30_000
    }
    const writer = async (): Promise<void> => {
      for (let version = 1; !isOver(); version++) {
        await write(0, 4, String(version))
        versions.push({ at: performance.now(), version })
        // Time for a hit or two.
        const [before, began] = [hits, performance.now()]
        const mayGoOn = (): boolean => hits > before || performance.now() >= began + 1_000
        do await new Promise((resolve) => setTimeout(resolve, version % 3 === 0 ? 25 : 0))
        while (version % 3 === 0 && !mayGoOn())
      }
    }
    const reader = async (): Promise<void> => {
      while (!isOver()) {
        const began = performance.now()
        const floor = versions.findLast(({ at }) => at <= began - slack)?.version ?? 0
        const { value, source } = await read(1, 4)
        if (source !== 'database') hits++
        if (Number(value ?? 0) < floor) wrong.push(`${value} after ${floor} from ${source}`)
      }
    }
    await Promise.all([writer(), reader()])
    expect(wrong, FRESH).toEqual([])
    expect(versions.length).toBeGreaterThan(20)
    expect(hits).toBeGreaterThan(10)
  })
})
