import { setImmediate as turn } from 'node:timers/promises'
import type { Attempts } from '../connection/attempts.ts'
import type { Failure } from '../connection/failure.ts'
import { isUnsigned } from '../connection/trouble.ts'
import type { Claim, Identity, NodeDuties, TopologyChange, ValkeyNode } from './topology.ts'

/** A server is believed if the last check that succeeded was sent less than this ago (ms). */
const TRUST = 2_000
/** A server of which an answer came less than this ago is not silent (ms): the check's answer is behind others. */
const SILENT = 900

/** What checking one server takes. */
export interface TrustSetup {
  readonly node: () => ValkeyNode
  readonly attempts: () => Attempts
  readonly failure: Failure
  readonly duties: NodeDuties
  readonly changed: (change: TopologyChange) => void
  readonly again: boolean
}

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

export function createTrust(setup: TrustSetup): Trust {
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
      state.claim ??= { life: known.life, anyKeys: known.anyKeys, reign, checks }
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

/** What is known of the server, and by which checks. */
interface State {
  known: (Identity & { readonly sent: number; readonly check: number }) | undefined
  /** What was claimed since the last check began. */
  claim: Claim | undefined
  reign: number
  /** Checks begun, the last one that ended, well or badly, and the outcome of the last one. */
  checks: number
  ended: number
  latest: Promise<void>
  doubts: number
  /** It owes an answer and says nothing. */
  silent: boolean
  /** Nothing, while the server is not believed. */
  believed(): State['known']
  lose(): void
}

/** Of a server that was never asked. @param lost is called whenever it was believed and no longer is. */
function beginning(lost: () => void): State {
  const state: State = {
    known: undefined,
    claim: undefined,
    reign: 0,
    checks: 0,
    ended: 0,
    latest: Promise.resolve(),
    doubts: 0,
    silent: false,
    believed: () => (state.known && state.silent && !isYoung(state.known) ? undefined : state.known),
    lose() {
      if (!state.known) return
      state.known = undefined
      state.claim = undefined
      state.reign++
      lost()
    },
  }
  return state
}

const isYoung = ({ sent }: { readonly sent: number }): boolean => performance.now() - sent < TRUST

/** Asks the server who it is. */
async function check(setup: TrustSetup, state: State): Promise<void> {
  const { node, attempts, failure, duties, changed, again } = setup
  const { count } = attempts()
  const { doubts } = state
  const number = ++state.checks
  state.claim = undefined
  // An answer that outlived its connection, or a doubt that came meanwhile, says nothing about what comes next.
  const outdated = (): boolean =>
    attempts().stopped ||
    count !== attempts().count ||
    doubts !== state.doubts ||
    (state.known?.check ?? 0) > number
  try {
    const sent = performance.now()
    const identity = await duties.identify(node(), again || count > 0)
    const { life } = identity
    if (outdated()) return
    if (state.known?.life !== life) {
      // Another life without a lost connection: those who hold something of the old one hear that it is over.
      state.lose()
      await duties.beforeTrust(node())
      if (outdated()) return
    }
    const news = state.known?.life !== life
    state.known = { ...identity, sent, check: number }
    if (news) changed({ kind: 'ready', node: node() })
  } catch (error) {
    // The client is told of a wrong password in this very packet, and tells of it a moment later.
    if (isUnsigned(error)) await turn()
    attempts().blame(error)
    if (state.known && !isYoung(state.known)) state.lose()
    throw failure(error instanceof Error ? attempts().why(error) : error)
  } finally {
    state.ended = Math.max(state.ended, number)
    state.silent = false
  }
}
