import { describe, expect, it } from 'vitest'
import { UNKNOWN } from '../../src/plan/plan.ts'
import type { ColumnType } from '../../src/plan/table.ts'
import { canonicalValue, foldingVersion, pinnable } from '../../src/tags/value.ts'
import { column } from './tables.ts'

/** One canonical text for all, as the database calls them equal (or somewhere does). */
const alike: [ColumnType, string, unknown[]][] = [
  ['integer', 'an integer as number, bigint and text', [5, 5n, '5', '+5', '05', '0005']],
  ['integer', 'zero and minus zero', [0, -0, 0n, '0', '-0', '+0']],
  ['integer', 'a negative integer', [-7, -7n, '-7', '-007']],
  ['integer', 'an integer beyond 2^53', [9_007_199_254_740_994n, '9007199254740994']],
  [
    'uuid',
    'a uuid in every spelling PostgreSQL takes',
    [
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
      '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}',
      'a0eebc999c0b4ef8bb6d6bb9bd380a11',
      'a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11',
    ],
  ],
  ['boolean', 'true and one', [true, 1]],
  ['boolean', 'false and zero', [false, 0]],
  ['text', 'sharp s and double s', ['Straße', 'STRASSE', 'strasse', 'STRAẞE']],
  ['text', 'letters with and without accents', ['Café', 'CAFE', 'cafe\u0301', 'Cafe']],
  ['text', 'trailing spaces of char(n)', ['a', 'a ', 'a   ']],
  ['text', 'the dotted capital I', ['İ', 'i', 'I', 'i\u0307', 'ı']],
  ['text', 'the three sigmas', ['ΟΔΟΣ', 'οδος', 'οδοσ']],
  ['text', 'a ligature and its letters', ['oﬃce', 'OFFICE', 'office']],
  ['text', 'full-width letters', ['Ａｂｃ', 'abc', 'ABC']],
  ['text', 'the kelvin and ångström signs', ['\u212a\u212b', 'kå', 'KA']],
  ['text', 'the empty text and spaces', ['', ' ', '   ']],
  ['ascii-text', 'letters of either case', ['cjld2cjxh0000', 'CJLD2CJXH0000', 'Cjld2cjxh0000']],
  ['ascii-text', 'texts that differ in signs and spaces', ['ab1', 'a-b_1', ' ab1', 'ab1  ', 'a.b@1']],
]

const apart: [ColumnType, string, unknown[]][] = [
  [
    'integer',
    'neighbours beyond 2^53',
    [9_007_199_254_740_992n, 9_007_199_254_740_993n, 9_007_199_254_740_994n],
  ],
  ['integer', 'a number and its negative', [5, -5]],
  ['text', 'leading spaces', ['a', ' a']],
  ['ascii-text', 'letters and digits', ['a', 'b', '1', '2', 'a1', '1a', 'aa']],
  ['text', 'inner spaces', ['a b', 'ab']],
  ['text', 'digits that differ', ['5', '05', '5.0']],
  ['text', 'a tab at the end', ['a', 'a\t']],
  ['enum', 'enum values that differ in case', ['active', 'ACTIVE']],
  ['uuid', 'two uuids', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12']],
]

/** Values that no canonical text can be given: whoever holds one knows nothing. */
const untold: [ColumnType, string, unknown][] = [
  ['integer', 'a word', 'abc'],
  ['integer', 'an unsafe number', 2 ** 53 + 2],
  ['integer', 'a fraction', 5.5],
  ['integer', 'a fraction as text', '5.0'],
  ['integer', 'an exponent', '1e3'],
  ['integer', 'hexadecimal', '0x10'],
  ['integer', 'surrounding blanks', ' 5'],
  ['integer', 'a line break at the end', '5\n'],
  ['integer', 'no digits', ''],
  ['integer', 'a lone sign', '-'],
  ['integer', 'NaN', Number.NaN],
  ['integer', 'Infinity', Number.POSITIVE_INFINITY],
  ['integer', 'a boolean', true],
  ['integer', 'an object that reads as five', { valueOf: () => 5, toString: () => '5' }],
  ['integer', 'eastern digits', '٥'],
  ['uuid', 'a short uuid', 'a0eebc99'],
  ['uuid', 'a URN', 'urn:uuid:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['uuid', 'bytes', new Uint8Array(16)],
  ['uuid', 'a number', 5],
  ['boolean', 'two', 2],
  ['boolean', "the word 'true'", 'true'],
  ['boolean', "the digit '1'", '1'],
  ['boolean', 'a bigint', 1n],
  ['text', 'a number', 5],
  ['text', 'a String object', Object('a')],
  ['text', 'a list', ['a']],
  ['enum', 'a number', 1],
  ['text', 'half of a surrogate pair, which drivers send as another character', 'a\ud83d'],
  ...['é', 'straße', 'a\u0301', 'a\t', 'a\0', 'a\x7f', '\u00a0', '\u200b', 'ａ', '😀'].map(
    (text): [ColumnType, string, unknown] => ['ascii-text', JSON.stringify(text), text],
  ),
  ['ascii-text', 'a number', 5],
  ['opaque-text', 'any text', 'a'],
  ['other', 'a number', 1],
  ['other', 'text', '1.50'],
  ...(['integer', 'uuid', 'boolean', 'enum', 'text'] as const).flatMap(
    (type): [ColumnType, string, unknown][] => [
      [type, 'undefined', undefined],
      [type, 'UNKNOWN', UNKNOWN],
    ],
  ),
]

describe('canonical values', () => {
  it.each(alike)('%s: %s have one canonical value', (type, _, values) => {
    const texts = new Set(values.map((value) => canonicalValue(value, type)))
    expect([...texts]).toEqual([expect.any(String)])
  })

  it.each(apart)('%s: %s have different canonical values', (type, _, values) => {
    expect(new Set(values.map((value) => canonicalValue(value, type))).size).toBe(values.length)
  })

  it.each(untold)('%s: the value %s has no canonical value', (type, _, value) => {
    expect(canonicalValue(value, type)).toBeUndefined()
  })

  it.each(['integer', 'uuid', 'boolean', 'enum', 'text', 'ascii-text', 'opaque-text', 'other'] as const)(
    '%s: null is canonical',
    (type) => {
      expect(canonicalValue(null, type)).toBeNull()
    },
  )

  it('letters whose case PostgreSQL maps in either direction fold to one text', () => {
    const apartFolded: string[] = []
    for (let code = 0; code < 0x1_0000; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const letter = String.fromCharCode(code)
      const folded = canonicalValue(letter, 'text')
      for (const other of [
        letter.toLowerCase(),
        letter.toUpperCase(),
        letter.normalize('NFC'),
        letter.normalize('NFD'),
      ])
        if (canonicalValue(other, 'text') !== folded)
          apartFolded.push(`${letter} ${code.toString(16)} ${other}`)
    }
    expect(apartFolded).toEqual([])
  })

  it('numeric, float and bytes columns and text with a wider equality do not pin', () => {
    expect((['other', 'opaque-text'] as const).filter(pinnable)).toEqual([])
  })

  it('text keys include the Unicode release they are folded by, and other keys do not', () => {
    const version = foldingVersion([column('a', 'text')])
    expect(version.split('.').slice(1).join('.')).toBe(process.versions.unicode)
    expect(foldingVersion([column('a', 'ascii-text')])).toBe(version.split('.')[0])
    expect(foldingVersion([column('a', 'integer'), column('b', 'uuid'), column('c', 'enum')])).toBe(
      version.split('.')[0],
    )
  })
})
