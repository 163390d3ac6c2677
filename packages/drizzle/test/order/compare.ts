import type { Sent } from './recorder.ts'

const BEGINS = /^(?:begin|start transaction|transaction)\b/i
const ENDS = /^(?:commit|rollback)$/i

/** A statement, and whether it stands between BEGIN and COMMIT or ROLLBACK. */
interface Placed {
  readonly text: string
  readonly inside: boolean
}

/**
 * What is wrong with the statements of the wrapped db, beside those of the plain one, on one connection; undefined if
 * nothing is. `cached`: reads outside transactions may be missing.
 */
export function differenceInOrder(
  plain: readonly Sent[],
  wrapped: readonly Sent[],
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
 * The same where connections are several: the transactions must be the same, whatever their connections; statements
 * outside have no order.
 */
export function differenceInTransactions(
  plain: readonly Sent[],
  wrapped: readonly Sent[],
  cached: boolean,
): string | undefined {
  const [one, other] = [segments(plain), segments(wrapped)]
  const transactions = differenceOfSets(one.transactions, other.transactions, () => false)
  return transactions ?? differenceOfSets(one.outside, other.outside, (text) => cached && isRead(text))
}

function placed(sent: readonly Sent[]): readonly Placed[] {
  let inside = false
  return sent.map(({ text }) => {
    const begins = BEGINS.test(text)
    if (begins) inside = true
    const one = { text, inside }
    if (ENDS.test(text)) inside = false
    return one
  })
}

function segments(sent: readonly Sent[]): {
  readonly transactions: readonly string[]
  readonly outside: readonly string[]
} {
  const transactions: string[] = []
  const outside: string[] = []
  for (const connection of new Set(sent.map((one) => one.connection))) {
    let open: string[] | undefined
    for (const { text, inside } of placed(sent.filter((one) => one.connection === connection))) {
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
