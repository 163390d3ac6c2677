import type { ReportedTag, TagReport } from '@larder/core/store'
import { expect, it } from 'vitest'
import { type ContractTable, isDirty, LIFETIME, nonce, type Start, see, seed, table } from './table.ts'

// A store may answer with no report at all, and nothing is written through then. Those under contract report.

/** A write that knows its row by the key `k`, and asks about it. */
function rowOf({ cell, mark, finish }: ContractTable) {
  const reportOn = { fields: ['k'], cells: [cell(1)], lifetime: LIFETIME }
  return {
    mark: (token: string) => mark(token, { known: ['k'], cells: [cell(1)], reportOn }),
    finish: (token: string) => finish(token, { untouched: ['k'], cells: [cell(1)], reportOn }),
  }
}

const tagsOf = (report: TagReport | undefined): readonly ReportedTag[] => [
  ...(report?.fields ?? []),
  ...(report?.cells ?? []),
]
const otherMarks = (report: TagReport | undefined): readonly boolean[] =>
  tagsOf(report).map((tag) => tag.otherMark)

export function reportRules(start: Start): void {
  it('a mark and a finish without a report request return no report', async () => {
    const store = await start()
    const { mark, finish } = table()
    expect(await store.mark(mark('w'))).toBeUndefined()
    expect(await store.finish(finish('w'))).toBeUndefined()
  })

  it('a report on a row that no other write touches contains the nonces that readers see, and its cell gets a new one', async () => {
    const store = await start()
    const names = table()
    const row = rowOf(names)
    const request = names.ask(['k'], [names.cell(1)])
    const before = await seed(store, request)
    const marked = await store.mark(row.mark('w'))
    expect(tagsOf(marked).map((tag) => tag.nonceBefore)).toEqual(before.map(nonce))
    expect(marked?.cells).toMatchObject([{ ownMark: true }])
    expect(otherMarks(marked)).toEqual([false, false])
    // Its field is not marked: readers of other rows go on.
    expect((await see(store, request)).map(isDirty)).toEqual([false, true])
    const finished = await store.finish(row.finish('w'))
    expect(tagsOf(finished).map((tag) => tag.nonceBefore)).toEqual(before.map(nonce))
    expect(finished?.cells).toMatchObject([{ ownMark: true }])
    expect(otherMarks(finished)).toEqual([false, false])
    const after = await see(store, request)
    expect(after.map(isDirty)).toEqual([false, false])
    expect(after.map(nonce)).toEqual([before[0]?.nonce, finished?.cells[0]?.nonceAfter])
    expect(after[1]?.nonce).not.toBe(before[1]?.nonce)
    expect(finished?.epoch).toBe((await store.fetch(undefined, [request])).epoch)
    expect(marked?.epoch).toBe(finished?.epoch)
  })

  it('a row that was never read is included in the report, and its tags outlive the write', async () => {
    const store = await start()
    const names = table()
    const row = rowOf(names)
    const marked = await store.mark(row.mark('w'))
    const finished = await store.finish(row.finish('w'))
    expect(otherMarks(marked)).toEqual([false, false])
    const after = await see(store, names.ask(['k'], [names.cell(1)]))
    expect(after.map(isDirty)).toEqual([false, false])
    expect(after.map(nonce)).toEqual([marked?.fields[0]?.nonceBefore, finished?.cells[0]?.nonceAfter])
  })
}

export function otherWriteRules(start: Start): void {
  it.each([
    ['its row', (names: ContractTable) => ({ known: ['k'], cells: [names.cell(1)] })],
    ['an unknown row', () => ({ fields: ['list', 'k'], known: ['k'] })],
    ['a table whose keys it has not declared', () => ({})],
  ] as const)('a report shows another write of %s, at the mark and at the finish', async (_, more) => {
    const store = await start()
    for (const seeded of [false, true]) {
      const names = table()
      const row = rowOf(names)
      if (seeded) await seed(store, names.ask(['list', 'k'], [names.cell(1)]))
      await store.mark(names.mark('other', more(names)))
      expect(otherMarks(await store.mark(row.mark('w')))).toContain(true)
      expect(otherMarks(await store.finish(row.finish('w')))).toContain(true)
    }
  })

  it('another write that finished in between changes the reported nonces', async () => {
    const store = await start()
    const names = table()
    const row = rowOf(names)
    const marked = await store.mark(row.mark('w'))
    await store.mark(names.mark('other', { fields: ['list', 'k'], known: ['k'] }))
    await store.finish(names.finish('other', { keep: ['k'], cells: [names.cell(1)] }))
    const finished = await store.finish(row.finish('w'))
    expect(otherMarks(finished)).toEqual([false, false])
    expect(finished?.fields[0]?.nonceBefore).toBe(marked?.fields[0]?.nonceBefore)
    expect(finished?.cells[0]?.nonceBefore).not.toBe(marked?.cells[0]?.nonceBefore)
  })

  it("a mark that is lost before its finish is not reported as the writer's own", async () => {
    const store = await start()
    const row = rowOf(table())
    await store.mark(row.mark('w'))
    await store.finish(row.finish('w'))
    const again = await store.finish(row.finish('w'))
    expect(again?.cells[0]?.ownMark ?? false).toBe(false)
  })
}
