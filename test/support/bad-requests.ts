/** A request that a service must refuse. */
export interface BadRequest {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is. */
  readonly raw?: string
}

/** Values that no text field accepts. */
export const WRONG_TEXTS: readonly unknown[] = [
  ...['\0', 'a\0b', '\ud800', 'x'.repeat(100_000)],
  ...[['x'], { x: 1 }, 5, null, true],
]
/** Values that no field of a positive whole number accepts. */
export const WRONG_COUNTS: readonly unknown[] = [
  ...[0, -1, 0.5, 1e300, 2 ** 31],
  ...['1', [1], { x: 1 }, null, true],
]
/** What stands in a path where the number of a row belongs. */
export const WRONG_IDS: readonly string[] = [
  ...['', '0', '-1', '1.5', '1e3', 'NaN', 'x', '%20', '2147483648', '99999999999999999999'],
  ...['%00', '%ud8', '9'.repeat(5_000)],
]
/** What stands in a path where a text belongs. */
export const WRONG_NAMES: readonly string[] = ['', '%00', 'a%00b', '%ud8', 'x'.repeat(5_000)]
/** Bodies that are no JSON, or no object. */
export const WRONG_BODIES: readonly string[] = [
  ...['', '{', '{"a":', '\0', 'null', '[]', '"x"', '5', 'true', '{}'],
  ...['{"__proto__":{"x":1}}', '{"unknown":1}'],
]

/** The same object with another value in one of its fields, for each of the values. */
export const withField = <T extends object>(
  body: T,
  field: keyof T,
  values: readonly unknown[],
): readonly object[] => values.map((value) => ({ ...body, [field]: value }))

/** Sends each of them. @returns those that were not refused with a 4xx and a message, with the answer. */
export async function notRefused(url: string, requests: readonly BadRequest[]): Promise<string[]> {
  const wrong: string[] = []
  for (const { method, path, body, raw } of requests) {
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(`${url}${path}`, {
      method,
      ...(text !== undefined && { body: text, headers: { 'content-type': 'application/json' } }),
    })
    const answer = await response.text()
    if (response.status >= 400 && response.status < 500 && messageOf(answer) !== '') continue
    wrong.push(`${method} ${path.slice(0, 60)} ${text?.slice(0, 100) ?? ''}: ${response.status} ${answer}`)
  }
  return wrong
}

function messageOf(answer: string): string {
  try {
    return String((JSON.parse(answer) as { message?: string }).message ?? '')
  } catch {
    return ''
  }
}
