import type { Engine, Outcome, Transaction } from '@larder/core/host'

/** The scope of what nobody announced in one transaction of a client without the cache. */
export interface UnannouncedScope {
  /** The scope for a statement that is about to be sent. */
  written(): Transaction
  /** Marks everything that was written. Call before COMMIT is sent. */
  seal(): Promise<void>
  end(outcome: Outcome): Promise<void>
  /** Why a mark was refused, once one was. */
  refusal(): Transaction['refusal']
}

/** Milliseconds without a statement after which a transaction counts as abandoned. */
const IDLE = 60_000

/**
 * A transaction that nobody ends would keep its tables out of the cache for ever, so its scope ends when the transaction is
 * idle. What it writes cannot be read before its COMMIT: if that comes after all, the tables are marked again before it.
 */
export function createUnannouncedScope(engine: Engine): UnannouncedScope {
  let scope: Transaction | undefined
  let timer: NodeJS.Timeout | undefined
  let remaining: readonly string[] = []

  const abandon = (): void => {
    if (!scope) return
    remaining = [...new Set([...remaining, ...scope.tables()])]
    void scope.end('unknown')
    scope = undefined
  }
  const current = (): Transaction => {
    scope ??= engine.transaction('late')
    return scope
  }
  return {
    written() {
      clearTimeout(timer)
      timer = setTimeout(abandon, IDLE).unref()
      return current()
    },
    async seal() {
      clearTimeout(timer)
      const changes = remaining.map((table) => ({ table, effect: 'unknown' as const }))
      const sealed = current()
      const plan = { operation: 'COMMIT', model: undefined, changes, run: async () => undefined }
      if (remaining.length) await engine.write(plan, sealed)
      await sealed.seal()
    },
    async end(outcome) {
      clearTimeout(timer)
      await scope?.end(outcome)
    },
    refusal: () => scope?.refusal,
  }
}
