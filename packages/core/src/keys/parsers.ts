import type { Connection } from './connection.ts'
import { digest } from './digest.ts'

/** Where a driver keeps the functions that make a value of the text of a type, by the type's oid. */
export interface ParserHolder {
  /** A client of node-postgres. */
  getTypeParser?(oid: number, format: 'text'): unknown
  /** Options of postgres-js; a PGlite. */
  readonly parsers?: Readonly<Record<number, unknown>>
}

function parserOf(holder: ParserHolder, oid: number): unknown {
  return holder.getTypeParser ? holder.getTypeParser(oid, 'text') : holder.parsers?.[oid]
}

/** One text of each type of PostgreSQL that somebody may have set a parser for, by its oid. */
const SCALARS: Readonly<Record<number, readonly string[]>> = {
  16: ['t'],
  17: ['\\x0102'],
  20: ['9007199254740993', '7'],
  21: ['7'],
  23: ['7'],
  25: ['a'],
  26: ['7'],
  114: ['{"a":[1.50]}'],
  142: ['<a/>'],
  600: ['(1,2)'],
  700: ['1.5'],
  701: ['1.5'],
  718: ['<(1,2),3>'],
  790: ['$1.50'],
  869: ['10.0.0.1'],
  1042: ['a '],
  1043: ['a'],
  // In winter and in summer: a parser may take the process's time zone for that of the value.
  1082: ['2020-01-15', '2020-07-15'],
  1083: ['12:34:56'],
  1114: ['2020-01-15 12:34:56', '2020-07-15 12:34:56'],
  1184: ['2020-01-15 12:34:56.789012+00'],
  1186: ['1 day 02:03:04'],
  1266: ['12:34:56+00'],
  1560: ['101'],
  1562: ['101'],
  1700: ['1.50'],
  2950: ['5f2b1c3e-0000-4000-8000-000000000000'],
  3802: ['{"a": [1.50]}'],
  3904: ['[1,3)'],
}
const ARRAYS: Readonly<Record<number, readonly string[]>> = {
  199: ['{"{\\"a\\":1}"}'],
  1000: ['{t}'],
  1005: ['{7}'],
  1007: ['{7}'],
  1009: ['{a}'],
  1015: ['{a}'],
  1016: ['{9007199254740993}'],
  1021: ['{1.5}'],
  1022: ['{1.5}'],
  1115: ['{"2020-01-15 12:34:56"}'],
  1182: ['{2020-01-15}'],
  1185: ['{"2020-01-15 12:34:56+00"}'],
  1231: ['{1.50}'],
  2951: ['{5f2b1c3e-0000-4000-8000-000000000000}'],
  3807: ['{"{\\"a\\":1}"}'],
}
/** Those that programs do set. Looked at at every read; the others before anything is stored. */
const OFTEN = [20, 1700, 1082, 1114, 1184, 1016]

/**
 * Watches what the parsers of a driver return: a text that is the same in another process whose parsers return the same.
 * A parser that was replaced shows at once where `thorough` or where it is one that programs often set, else before the
 * next result is stored. `arrays`: false where the driver learns parsers of arrays from the server.
 */
export function watchParsers(holder: ParserHolder, arrays: boolean): (thorough: boolean) => string {
  const texts = { ...SCALARS, ...(arrays && ARRAYS) }
  const often = OFTEN.filter((oid) => oid in texts)
  const oids = [
    ...often,
    ...Object.keys(texts)
      .map(Number)
      .filter((oid) => !often.includes(oid)),
  ]
  const parserByOid: unknown[] = []
  const changed = (count: number): boolean => {
    // At every read: what can be asked in a loop over an array is not asked in any other way.
    for (let at = 0; at < count; at++)
      if (parserByOid[at] !== parserOf(holder, oids[at] as number)) return true
    return false
  }
  let text: string | undefined
  return (thorough) => {
    if (text !== undefined && !changed(thorough ? oids.length : often.length)) return text
    for (const [at, oid] of oids.entries()) parserByOid[at] = parserOf(holder, oid)
    const shown = oids.map(
      (oid, at) => `${oid} ${texts[oid]?.map((sample) => parsed(parserByOid[at], sample))}`,
    )
    text = `parsers=${digest(shown.join('\n')).name}`
    return text
  }
}

/**
 * The `current` of a source whose connection also depends on what its parsers return: see {@link watchParsers}.
 * @param describe makes the connection, with the text of the parsers among its settings. Called when that changes.
 */
export function connectionByParsers(
  holder: ParserHolder,
  arrays: boolean,
  describe: (parsers: string) => Connection,
): (thorough: boolean) => Connection {
  const parsers = watchParsers(holder, arrays)
  let connection: Connection | undefined
  let text: string | undefined
  return (thorough) => {
    const now = parsers(thorough)
    if (connection && now === text) return connection
    text = now
    connection = describe(now)
    return connection
  }
}

function parsed(parser: unknown, text: string): string {
  // A driver without a parser of the type leaves the text as it is.
  if (typeof parser !== 'function') return shownValue(text)
  try {
    return shownValue(parser(text))
  } catch {
    return 'throws'
  }
}

function shownValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`
  if (Array.isArray(value)) return `[${value.map(shownValue)}]`
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? 'none'
  if (value instanceof Date) return `${name} ${value.getTime()}`
  if (ArrayBuffer.isView(value))
    return `${name} ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
  const fields = Object.entries(value).map(([field, one]) => `${field}:${typeof one} ${String(one)}`)
  return `${name} ${String(value)} {${fields}}`
}
