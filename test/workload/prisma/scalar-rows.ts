import fc from 'fast-check'
import { Prisma } from '../../../prisma/generated/client/client.ts'

// Rows of the model Everything: every scalar that Prisma has on PostgreSQL, at its edges.

const text = fc
  .string({ unit: 'binary', maxLength: 20 })
  .map((value) => value.replaceAll('\0', '').toWellFormed())
const bytes = fc.uint8Array({ maxLength: 40 }).map((value) => new Uint8Array(value))
const moment = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
})
const day = moment.map((date) => new Date(Math.floor(date.getTime() / 86_400_000) * 86_400_000))
const time = fc.integer({ min: 0, max: 86_399_999 }).map((milliseconds) => new Date(milliseconds))
const big = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
// Prisma sends sixteen digits: the last of the largest would be out of PostgreSQL's range.
const float = fc.double({ noNaN: true, min: -1e300, max: 1e300 })
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), fc.integer({ min: 0, max: 20 }))
  .map(([digits, scale]) => new Prisma.Decimal(digits.toString()).div(new Prisma.Decimal(10).pow(scale)))
const json = fc
  .jsonValue({ noUnicodeString: false })
  .map(
    (value) =>
      JSON.parse(
        JSON.stringify(value).replaceAll('\\u0000', '').toWellFormed(),
      ) as Prisma.InputJsonValue | null,
  )
  .filter((value) => !/\\ud[89a-f]/i.test(JSON.stringify(value)))
  // Prisma 7.10 itself fails on these keys in an argument, before any extension sees the result.
  .filter((value) => !/"(?:__proto__|\$type)"/.test(JSON.stringify(value)))
const color = fc.constantFrom('RED', 'GREEN', 'BLUE') as fc.Arbitrary<'RED' | 'GREEN' | 'BLUE'>
const uuid = fc.uuid()
const list = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 4 })
const jsonOrNull = json.map((value) => (value === null ? Prisma.JsonNull : value))

/** `data` of a create. */
export const scalarRow: fc.Arbitrary<Prisma.EverythingCreateInput> = fc.record(
  {
    int,
    big,
    float,
    decimal,
    text,
    varchar: text.map((value) => [...value].slice(0, 20).join('')),
    char: fc.stringMatching(/^[a-z ]{0,8}$/),
    bool: fc.boolean(),
    moment,
    zoned: moment,
    day,
    time,
    json: jsonOrNull,
    maybeJson: fc.oneof(jsonOrNull, fc.constant(Prisma.DbNull)),
    bytes,
    uuid,
    color,
    ints: list(int),
    bigs: list(big),
    floats: list(float),
    decimals: list(decimal),
    texts: list(text),
    bools: list(fc.boolean()),
    moments: list(moment),
    jsons: list(json.filter((value) => value !== null)) as fc.Arbitrary<Prisma.InputJsonValue[]>,
    blobs: list(bytes),
    uuids: list(uuid),
    colors: list(color),
  },
  { requiredKeys: [] },
)

/** The first difference in what two values are made of: prototypes, names and their order, descriptors' values. */
export function differentMaking(first: unknown, second: unknown, path = '$'): string | undefined {
  if (typeof first !== typeof second) return `${path}: ${typeof first}, ${typeof second}`
  if (typeof first !== 'object' || first === null || second === null)
    return Object.is(first, second) ? undefined : `${path}: ${String(first)}, ${String(second)}`
  if (Object.getPrototypeOf(first) !== Object.getPrototypeOf(second)) return `${path}: prototypes`
  const [names, others] = [Reflect.ownKeys(first), Reflect.ownKeys(second as object)]
  if (names.map(String).join() !== others.map(String).join()) return `${path}: names`
  for (const name of names) {
    const difference = differentMaking(
      Reflect.get(first, name),
      Reflect.get(second as object, name),
      `${path}.${String(name)}`,
    )
    if (difference) return difference
  }
  return undefined
}
