import { beginning, type CheckSetup, check, isYoung, TRUST } from './check.ts'
import type { Claim, ValkeyNode } from './topology.ts'

/** A server of which an answer came less than this ago is not silent (ms): the check's answer is behind others. */
const SILENT = 900

/** Whether a server is believed just now, and in which of its lives. */
export interface Trust extends Pick<ValkeyNode, 'claim' | 'confirm' | 'trusted' | 'belief' | 'doubt'> {
  /** Checks begun so far. */
  readonly checks: number
  /** Asks the server. @throws CacheError saying why it is not believed. */
  prove(): Promise<void>
  /** To be called when a check has had time to be answered and heard: trust in a silent server ends with its time. */
  judge(check: number): void
  lose(): void
}

export function createTrust(setup: CheckSetup): Trust {
  const { node, attempts, failure, changed } = setup
  const state = beginning(() => changed({ kind: 'lost', node: node() }))
  let heard = Number.NEGATIVE_INFINITY
  let asking = false

  const distrust = (): Error => failure(state.silent ? new Error(SILENCE) : attempts().trouble)
  const prove = (): Promise<void> => {
    state.latest = check(setup, state)
    return state.latest
  }
  const later = async ({ checks, reign }: Claim): Promise<number> => {
    // Answers come in order: a check that began after the question was answered after it.
    const passed = (): boolean => state.known !== undefined && state.known.check > checks
    if (!passed()) await (state.checks > checks ? state.latest : prove())
    if (reign !== state.reign || !state.known || !passed()) throw distrust()
    return state.known.sent
  }
  return {
    claim() {
      const known = state.believed()
      if (!known) throw distrust()
      const { reign, checks } = state
      state.claim ??= { life: known.life, reign, checks }
      return state.claim
    },
    confirm(claim) {
      if (claim.reign !== state.reign || !state.known) throw failure(new Error(ANOTHER))
      heard = performance.now()
      return heard - state.known.sent < TRUST ? undefined : later(claim)
    },
    trusted: () => state.believed() !== undefined,
    belief() {
      const { known } = state
      return known && isYoung(known) ? { life: known.life, until: known.sent + TRUST } : undefined
    },
    get checks() {
      return state.checks
    },
    prove,
    judge(number) {
      state.silent = state.ended < number && performance.now() - heard > SILENT
      if (!state.believed()) state.lose()
    },
    lose() {
      state.silent = false
      state.lose()
    },
    doubt(error) {
      state.doubts++
      attempts().blame(error)
      state.silent = false
      state.lose()
      if (asking) return
      asking = true
      const over = (): void => {
        asking = false
      }
      prove().then(over, over)
    },
  }
}

const ANOTHER = 'another server answers than when the call was sent'
const SILENCE = 'has not answered for two seconds'
