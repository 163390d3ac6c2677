import { expect, it } from 'vitest'
import { watchParsers } from '../../src/keys/parsers.ts'

type Parser = (text: string) => unknown

/** Two processes have functions of their own that do the same. */
const driver = (more: Readonly<Record<number, Parser>> = {}): Map<number, Parser> =>
  new Map<number, Parser>([
    [20, (text) => text],
    [1114, (text) => new Date(text)],
    [17, (text) => Buffer.from(text)],
    ...Object.entries(more).map(([oid, parser]) => [Number(oid), parser] as const),
  ])
const textOf = (parsers: Map<number, Parser>, thorough = true) =>
  watchParsers({ getTypeParser: (oid) => parsers.get(oid) }, true)(thorough)

it('equivalent parsers give the same fingerprint, even if they are different functions', () => {
  expect(textOf(driver())).toBe(textOf(driver()))
})

it.each<[string, number, Parser]>([
  ['a number for a text', 20, Number],
  ['a bigint for a text', 20, BigInt],
  ['a text for a Date', 1114, String],
  ['another instant', 1114, (text) => new Date(`${text}+05:30`)],
  ['other bytes', 17, () => Buffer.from('other')],
  ['an object', 1700, (text) => ({ amount: text })],
  ['an array of others', 1016, (text) => [BigInt(text.slice(1, -1))]],
  [
    'a parser that throws',
    3802,
    () => {
      throw new Error('no')
    },
  ],
  ['null', 16, () => null],
])('%s changes the fingerprint of the parsers', (_, oid, parser) => {
  expect(textOf(driver({ [oid]: parser }))).not.toBe(textOf(driver()))
})

it('a changed parser of a commonly overridden type is detected at the next read, any other parser before the next result is stored', () => {
  const parsers = driver()
  const text = watchParsers({ getTypeParser: (oid) => parsers.get(oid) }, true)
  const first = text(false)
  parsers.set(1700, Number)
  const second = text(false)
  expect(second).not.toBe(first)
  parsers.set(3904, () => 'a range')
  expect(text(false)).toBe(second)
  expect(text(true)).not.toBe(second)
  expect(text(false)).toBe(text(true))
})
