import { setTimeout as wait } from 'node:timers/promises'
import { repeatWhenBusy, seededRandom, valkeyUrl } from '@larder/testing'
import type { Redis } from 'iovalkey'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FINISH } from '../../src/scripts/finish.ts'
import { MARK } from '../../src/scripts/mark.ts'
import { SEED } from '../../src/scripts/seed.ts'
import { connectTo } from '../support/server.ts'

repeatWhenBusy()

const RUNS = 150
const STEPS = 12
/** What a script returns that handled the usual case. */
const USUAL = 2

let server: Redis

beforeAll(async () => {
  server = connectTo(await valkeyUrl())
})
afterAll(() => server.disconnect())

/** A script, once without its short way and once with a reply that shows whether it took it. */
function variants(lua: string) {
  const line = /^if ARGV.* and \w+List\(\) then return 1 end$/m
  expect(lua).toMatch(line)
  return {
    general: lua.replace(line, ''),
    usual: lua.replace(line, (text) => text.replace('return 1', `return ${USUAL}`)),
  }
}

/** One table's tags. */
function table(name: string) {
  const record = `{usual:${process.pid}:${name}}`
  return { record, cells: [1, 2].map((value) => `${record}:k=${value}`) }
}

type Call = readonly [name: 'mark' | 'finish' | 'seed', cells: readonly number[], args: readonly unknown[]]

it('the usual case leaves the same behind as the general way, in whatever state the tags are', async () => {
  const scripts = { mark: variants(MARK), finish: variants(FINISH), seed: { general: SEED, usual: SEED } }
  const usual = { mark: 0, finish: 0 }
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(run)
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
    const tables = { general: table(`${run}:general`), usual: table(`${run}:usual`) }
    const seen = new Map<string, string>()
    const history: unknown[] = []
    const both = async (call: (kind: 'general' | 'usual') => Promise<unknown>) => {
      await call('general')
      return await call('usual')
    }
    for (let step = 0; step < STEPS; step++) {
      const fault = random()
      if (fault < 0.06) {
        const text = pick(['foreign|', 'n|a,x|b', '|', 'n|a,99999999999999'])
        const [key, field] = [pick([0, 1]), pick(['list', 'k'])]
        history.push([text, key, field])
        if (key) await both((kind) => server.set(tables[kind].cells[0] as string, text, 'PX', 60_000))
        else await both((kind) => server.hset(tables[kind].record, field, text))
      } else if (fault < 0.12) {
        const lost = pick(['record', 'cell', 'list'])
        history.push(['lost', lost])
        if (lost === 'list') await both((kind) => server.hdel(tables[kind].record, 'list'))
        else
          await both((kind) =>
            server.unlink((lost === 'cell' ? tables[kind].cells[0] : tables[kind].record) as string),
          )
      } else {
        const short = random() < 0.08
        const lifetime = short ? 4 : random() < 0.2 ? 40_000 - 2_000 * step : 60_000 + 2_000 * step
        const [name, cells, args] = randomCall(random, lifetime)
        history.push([name, cells, args])
        const reply = await both((kind) => {
          const { record, cells: names } = tables[kind]
          const keys = [record, ...cells.map((index) => names[index] as string)]
          return server.eval(scripts[name][kind], keys.length, ...keys, `s${step}`, ...(args as string[]))
        })
        if (reply === USUAL && name !== 'seed') usual[name]++
        if (short) await wait(10)
      }
      const [general, other] = [await stateOf(tables.general), await stateOf(tables.usual)]
      expect(shapeOf(other), JSON.stringify(history)).toEqual(shapeOf(general))
      for (const [at, { nonce, expires }] of general.entries()) {
        const same = other[at]?.nonce as string
        expect(Math.abs(expires - (other[at]?.expires ?? 0)), JSON.stringify(history)).toBeLessThan(1_000)
        expect(seen.get(nonce) ?? same, JSON.stringify(history)).toBe(same)
        seen.set(nonce, same)
      }
      expect(new Set(seen.values()).size, JSON.stringify(history)).toBe(seen.size)
    }
    await server.unlink(...Object.values(tables).flatMap(({ record, cells }) => [record, ...cells]))
  }
  // Both ways were compared, and not one of them with itself.
  expect(usual.mark).toBeGreaterThan(RUNS / 2)
  expect(usual.finish).toBeGreaterThan(RUNS / 2)
})

function randomCall(random: () => number, lifetime: number): Call {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const counted = (names: readonly string[]) => [names.length, ...names]
  const cells = pick([[], [0], [0], [1], [0, 1]])
  const token = pick(['a', 'b', 'c'])
  const known = counted(pick([['k'], ['k'], ['k', 'o'], []]))
  if (random() < 0.2)
    return ['seed', cells, [120_000, ...counted(pick([['list', 'k'], ['list'], ['k', 'o']]))]]
  if (random() < 0.5) {
    const fields = counted(pick([['list'], ['list'], ['list'], ['list', 'k']]))
    return ['mark', cells, [token, lifetime, ...fields, ...known, 0, 0, 0]]
  }
  const [unchanged, keep] = [pick([0, 0, 0, 0, 90_000]), counted(pick([[], [], [], [], ['list'], ['k']]))]
  return ['finish', cells, [token, 1, unchanged, ...known, ...keep, 0, 0, 0]]
}

interface Tag {
  readonly name: string
  readonly nonce: string
  readonly marks: string
  readonly expires: number
}

async function stateOf({ record, cells }: ReturnType<typeof table>): Promise<readonly Tag[]> {
  const tags: Tag[] = []
  const add = async (name: string, key: string, text: string) => {
    const bar = `${text}|`.indexOf('|')
    const marks = text.slice(bar).replace(/,\d+/g, '')
    const expires = await server.pttl(key)
    tags.push({ name, nonce: text.slice(0, bar), marks, expires })
  }
  const fields = Object.entries(await server.hgetall(record)).sort()
  for (const [name, text] of fields) await add(name, record, text)
  for (const [index, key] of cells.entries()) {
    const text = await server.get(key)
    if (text !== null) await add(`cell ${index}`, key, text)
  }
  return tags
}

function shapeOf(tags: readonly Tag[]) {
  return tags.map(({ name, marks }) => ({ name, marks }))
}
