import type { Outcome, Transaction } from '../transaction/transaction.ts'
import type { Engine } from './engine.ts'

/** The session that a raw BEGIN opens outside the host's own transactions. */
export interface RawSession {
  /**
   * The scope of a BEGIN that has not seen its COMMIT: everything on this client belongs to it. A property, because every
   * statement asks for it.
   */
  readonly transaction: Transaction | undefined
  /** Runs a text that leaves a transaction open. `only`: it is a BEGIN and nothing else, so refused it left nothing. */
  begin<T>(run: () => Promise<T>, only: boolean): Promise<T>
  /** Runs a text that ends one. */
  end<T>(run: () => Promise<T>): Promise<T>
}

/** What one host says and knows of its sessions. */
export interface RawSessionOptions {
  /** `'this client bypasses the cache. Use $transaction instead'` */
  readonly advice: string
  /** True if the error proves that the statement committed nothing. */
  statementFailed(error: unknown): boolean
  /** The same of an error raised when COMMIT had been sent. */
  commitFailed(error: unknown): boolean
}

/**
 * Makes the raw session of one host. It emits the warning `raw-transaction` when a raw BEGIN opens a transaction.
 * @param options what the host says and knows of its sessions.
 */
export function createRawSession(
  engine: Pick<Engine, 'transaction' | 'events'>,
  { advice, statementFailed, commitFailed }: RawSessionOptions,
): RawSession {
  /** A pool may run BEGIN on any connection: until its end is seen, the whole client bypasses the cache. */
  const open = (): void => {
    if (session.transaction) return
    session.transaction = engine.transaction('early')
    engine.events.emit('warning', {
      code: 'raw-transaction',
      message: `BEGIN was sent as raw SQL: until COMMIT or ROLLBACK is, ${advice}`,
    })
  }
  /** The statement that ends the session, or the BEGIN that was refused and so began nothing. */
  const close = async (outcome: Outcome): Promise<void> => {
    const ended = session.transaction
    session.transaction = undefined
    await ended?.end(outcome)
  }
  const session: RawSession & { transaction: Transaction | undefined } = {
    transaction: undefined,
    async begin(run, only) {
      const first = !session.transaction
      open()
      try {
        return await run()
      } catch (error) {
        // NOTE: what postgres-js calls UNSAFE_TRANSACTION is no refusal: BEGIN has run, and a connection of its pool is
        // left in a transaction.
        if (first && only && statementFailed(error)) await close('failed')
        throw error
      }
    },
    async end(run) {
      try {
        const result = await run()
        await close('committed')
        return result
      } catch (error) {
        await close(commitFailed(error) ? 'failed' : 'unknown')
        throw error
      }
    },
  }
  return session
}
