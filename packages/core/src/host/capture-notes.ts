import type { Captures } from '../capture/captures.ts'
import type { PlannedWrite } from '../pipeline/write.ts'
import type { Closing } from './closing.ts'

const WRITES = {
  reason: 'opaque',
  because: 'it writes, or may write: a hit would not repeat that',
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

/**
 * Notes each write: after `close` it is reported, and inside the load of a computed value the value is not stored. The second
 * also if it changes no table: it may be a batch of reads, or a procedure.
 */
export function createWriteNotes(
  closing: Pick<Closing, 'noteWrite'>,
  captures: Captures,
): (plan: Pick<PlannedWrite<unknown>, 'operation' | 'changes'>, inTransaction: boolean) => void {
  return ({ operation, changes }, inTransaction) => {
    if (changes.length) closing.noteWrite(operation)
    captures.refuse({ ...(inTransaction ? IN_TRANSACTION : WRITES), operation })
  }
}

/** Keeps the computed value whose load is running, if there is one, from being stored. */
export function refuseOpaque(captures: Captures, operation: string): void {
  if (captures.running.count) captures.refuse({ ...OPAQUE, operation })
}
