import { setImmediate as turn } from 'node:timers/promises'
import { type Attempts, isUnsigned } from '../connection/attempts.ts'
import type { Failure } from '../connection/failure.ts'
import type { Belief, NodeDuties, TopologyChange, ValkeyNode } from './topology.ts'

/** A server is believed if the last check that succeeded was sent less than this ago (ms). */
const TRUST = 2_000

/** Whether a server is believed just now, and in which of its lives. */
export interface Trust {
  /** @throws CacheError */
  life(): string
  holds(): boolean
  belief(): Belief | undefined
  /** Asks the server. @throws CacheError saying why it is not believed. */
  prove(): Promise<void>
  /** Ends trust that nothing renewed. */
  expire(): void
  lose(): void
  doubt(error: unknown): void
}

export interface TrustSetup {
  readonly node: () => ValkeyNode
  readonly attempts: () => Attempts
  readonly failure: Failure
  readonly duties: NodeDuties
  readonly changed: (change: TopologyChange) => void
  readonly again: boolean
}

export function createTrust({ node, attempts, failure, duties, changed, again }: TrustSetup): Trust {
  let known: { readonly life: string; readonly sent: number } | undefined
  let doubts = 0
  let asking = false

  const young = (): boolean => known !== undefined && performance.now() - known.sent < TRUST
  const lose = (): void => {
    if (!known) return
    known = undefined
    changed({ kind: 'lost', node: node() })
  }
  const prove = async (): Promise<void> => {
    const { count } = attempts()
    const before = doubts
    try {
      const sent = performance.now()
      const life = await duties.identify(node(), again || count > 0)
      // An answer that outlived its connection, or a doubt that came meanwhile, says nothing about what comes next.
      const outdated = (): boolean => attempts().stopped || count !== attempts().count || before !== doubts
      if (outdated()) return
      if (known?.life !== life) {
        // Another life without a lost connection: those who hold something of the old one hear that it is over.
        lose()
        await duties.beforeTrust(node())
        if (outdated()) return
      }
      const news = known?.life !== life
      known = { life, sent }
      if (news) changed({ kind: 'ready', node: node() })
    } catch (error) {
      // The client is told of a wrong password in this very packet, and tells of it a moment later.
      if (isUnsigned(error)) await turn()
      attempts().blame(error)
      throw failure(error instanceof Error ? attempts().why(error) : error)
    }
  }
  return {
    life() {
      if (known && young()) return known.life
      throw failure(known ? new Error('has not answered for two seconds') : attempts().trouble)
    },
    holds: young,
    belief: () => (known && young() ? { life: known.life, until: known.sent + TRUST } : undefined),
    prove,
    expire() {
      if (!young()) lose()
    },
    lose,
    doubt(error) {
      doubts++
      attempts().blame(error)
      lose()
      if (asking) return
      asking = true
      const over = (): void => {
        asking = false
      }
      prove().then(over, over)
    },
  }
}
