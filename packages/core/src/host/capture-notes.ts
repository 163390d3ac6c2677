import type { Captures } from '../pipeline/captures.ts'
import type { Closing } from './closing.ts'

const WRITES = {
  reason: 'opaque',
  because: 'it writes: a hit would not repeat that',
  permanent: true,
} as const
const IN_TRANSACTION = {
  reason: 'transaction',
  because: 'it is part of a transaction',
  permanent: true,
} as const
const OPAQUE = {
  reason: 'opaque',
  because: 'nothing tells what its result depends on',
  permanent: true,
} as const

/** Notes each write: after `close` it is reported, and inside the load of a computed value the value is not stored. */
export function createWriteNotes(
  closing: Pick<Closing, 'noteWrite'>,
  captures: Captures,
): (operation: string, inTransaction: boolean) => void {
  return (operation, inTransaction) => {
    closing.noteWrite(operation)
    captures.refuse({ ...(inTransaction ? IN_TRANSACTION : WRITES), operation })
  }
}

/** Keeps the computed value whose load is running, if there is one, from being stored. */
export function refuseOpaque(captures: Captures, operation: string): void {
  if (captures.running.count) captures.refuse({ ...OPAQUE, operation })
}
