import type { RecordedStatement } from './recorder.ts'

const BEGINS = /^(?:begin|start transaction|transaction)\b/i
const ENDS = /^(?:commit|rollback)$/i

/** A statement, and whether it is between BEGIN and COMMIT or ROLLBACK. */
interface Placed {
  readonly text: string
  readonly inside: boolean
}

/**
 * Describes a difference between the statements of the wrapped and the plain db on one connection. Undefined: there is
 * none. With `cached`, reads outside transactions may be missing.
 */
export function differenceInOrder(
  plain: readonly RecordedStatement[],
  wrapped: readonly RecordedStatement[],
  cached: boolean,
): string | undefined {
  const rest = wrapped.map(({ text }) => text)
  const missing: string[] = []
  for (const { text, inside } of placed(plain)) {
    if (rest[0] === text) rest.shift()
    else if (cached && !inside && isRead(text)) missing.push(text)
    else return `at "${text}" of plain, wrapped has "${rest[0]}"`
  }
  return rest.length ? `wrapped has more: "${rest[0]}"` : undefined
}

/**
 * The same for several connections: the transactions must be equal, on any connection. Statements outside transactions
 * have no order.
 */
export function differenceInTransactions(
  plain: readonly RecordedStatement[],
  wrapped: readonly RecordedStatement[],
  cached: boolean,
): string | undefined {
  const [first, second] = [segments(plain), segments(wrapped)]
  const transactions = differenceOfSets(first.transactions, second.transactions, () => false)
  return transactions ?? differenceOfSets(first.outside, second.outside, (text) => cached && isRead(text))
}

function placed(sent: readonly RecordedStatement[]): readonly Placed[] {
  let inside = false
  return sent.map(({ text }) => {
    const begins = BEGINS.test(text)
    if (begins) inside = true
    const entry = { text, inside }
    if (ENDS.test(text)) inside = false
    return entry
  })
}

function segments(sent: readonly RecordedStatement[]): {
  readonly transactions: readonly string[]
  readonly outside: readonly string[]
} {
  const transactions: string[] = []
  const outside: string[] = []
  for (const connection of new Set(sent.map((statement) => statement.connection))) {
    let open: string[] | undefined
    for (const { text, inside } of placed(sent.filter((statement) => statement.connection === connection))) {
      if (!inside) outside.push(text)
      else if (open) open.push(text)
      else open = [text]
      if (!open || !ENDS.test(text)) continue
      transactions.push(open.join('\n'))
      open = undefined
    }
    if (open) transactions.push(open.join('\n'))
  }
  return { transactions: transactions.sort(), outside: outside.sort() }
}

function differenceOfSets(
  plain: readonly string[],
  wrapped: readonly string[],
  mayMiss: (text: string) => boolean,
): string | undefined {
  const rest = [...wrapped]
  for (const text of plain) {
    const at = rest.indexOf(text)
    if (at >= 0) rest.splice(at, 1)
    else if (!mayMiss(text)) return `plain has, and wrapped has not:\n${text}\nbut:\n${rest.join('\n--\n')}`
  }
  return rest.length ? `wrapped has more:\n${rest.join('\n--\n')}` : undefined
}

function isRead(text: string): boolean {
  return /^select\b/i.test(text)
}
