/** The demo cannot run here, for a reason that its user can change. The message is all that is shown. */
export class CannotRun extends Error {}

/** The message of an error. A connection that was tried under several addresses has a message for each. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}
