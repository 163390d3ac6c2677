import { setImmediate as turn } from 'node:timers/promises'
import type { Attempts } from '../connection/attempts.ts'
import { needsPassword } from '../connection/connection-problem.ts'
import type { Failure } from '../connection/failure.ts'
import { narrowed } from './server-clock.ts'
import type { Identity, NodeHooks, TopologyChange, TrustToken, ValkeyNode } from './topology.ts'

/** A server is trusted if the last check that passed was sent less than this ago (ms). */
const TRUST = 2_000
/** A check is overdue only if no other reply came for this long (ms): its reply may wait behind others. */
const OVERDUE_AFTER = 900

/** What trust in one server depends on. */
export interface TrustSetup {
  readonly node: () => ValkeyNode
  readonly attempts: () => Attempts
  readonly failure: Failure
  readonly hooks: NodeHooks
  readonly changed: (change: TopologyChange) => void
  /** This process was connected to the server before, by a client that is gone. */
  readonly again: boolean
}

/** Whether a server is trusted now, and in which incarnation. */
export interface Trust
  extends Pick<ValkeyNode, 'requireTrust' | 'confirm' | 'trusted' | 'trustedIncarnation' | 'suspect'> {
  /** Checks begun so far. */
  readonly checksBegun: number
  /** Asks the server who it is. @throws CacheError with the reason why it is not trusted. */
  check(): Promise<void>
  /**
   * Ends trust in a server that does not reply, once the last passed check is old. Call it when check number `check` has
   * had time to be answered.
   */
  expireIfOverdue(check: number): void
  loseTrust(): void
}

export function createTrust(setup: TrustSetup): Trust {
  const { node, attempts, failure, changed } = setup
  const state = initialState(() => changed({ kind: 'lost', node: node() }))
  let lastReplyAt = Number.NEGATIVE_INFINITY
  let asking = false

  const notTrusted = (): Error => failure(state.overdue ? new Error(NO_REPLY) : attempts().problem)
  const check = (): Promise<void> => {
    state.latestCheck = runCheck(setup, state)
    return state.latestCheck
  }
  const confirmByCheck = async ({ checksBegun, trustPeriod }: TrustToken): Promise<number> => {
    // Replies come in order: a check that began after a command was sent is answered after it.
    const passed = (): boolean => state.known !== undefined && state.known.check > checksBegun
    if (!passed()) await (state.checksBegun > checksBegun ? state.latestCheck : check())
    if (trustPeriod !== state.trustPeriod || !state.known || !passed()) throw notTrusted()
    return state.known.sent
  }
  return {
    requireTrust() {
      const wasTrusted = state.trusted()
      if (!wasTrusted) throw notTrusted()
      const { incarnation, anyKeys, offset } = wasTrusted
      const { trustPeriod, checksBegun } = state
      state.token ??= { incarnation, anyKeys, offset, trustPeriod, checksBegun }
      return state.token
    },
    confirm(token) {
      if (token.trustPeriod !== state.trustPeriod || !state.known) throw failure(new Error(OTHER_INCARNATION))
      lastReplyAt = performance.now()
      return lastReplyAt - state.known.sent < TRUST ? undefined : confirmByCheck(token)
    },
    trusted: () => state.trusted() !== undefined,
    trustedIncarnation() {
      const { known } = state
      return known && isYoung(known)
        ? { incarnation: known.incarnation, until: known.sent + TRUST }
        : undefined
    },
    get checksBegun() {
      return state.checksBegun
    },
    check,
    expireIfOverdue(number) {
      state.overdue = state.checksEnded < number && performance.now() - lastReplyAt > OVERDUE_AFTER
      if (!state.trusted()) state.loseTrust()
    },
    loseTrust() {
      state.overdue = false
      state.loseTrust()
    },
    suspect(error) {
      state.suspicions++
      attempts().recordError(error)
      state.overdue = false
      state.loseTrust()
      if (asking) return
      asking = true
      const over = (): void => {
        asking = false
      }
      check().then(over, over)
    },
  }
}

const OTHER_INCARNATION = 'another server answers than when the call was sent'
const NO_REPLY = 'has not answered for two seconds'

/** What is known about the server, and from which checks. */
interface State {
  known: (Identity & { readonly sent: number; readonly check: number }) | undefined
  /** Shared by all requests since the last check began. */
  token: TrustToken | undefined
  trustPeriod: number
  /** How many checks were begun, the number of the last one that ended, and the outcome of the last one begun. */
  checksBegun: number
  checksEnded: number
  latestCheck: Promise<void>
  suspicions: number
  /** A check has had time to be answered, and there was no reply of any kind. */
  overdue: boolean
  /** Undefined while the server is not trusted. */
  trusted(): State['known']
  loseTrust(): void
}

/** The state of a server that was never asked. @param lost is called when trust in it ends. */
function initialState(lost: () => void): State {
  const state: State = {
    known: undefined,
    token: undefined,
    trustPeriod: 0,
    checksBegun: 0,
    checksEnded: 0,
    latestCheck: Promise.resolve(),
    suspicions: 0,
    overdue: false,
    trusted: () => (state.known && state.overdue && !isYoung(state.known) ? undefined : state.known),
    loseTrust() {
      if (!state.known) return
      state.known = undefined
      state.token = undefined
      state.trustPeriod++
      lost()
    },
  }
  return state
}

const isYoung = ({ sent }: { readonly sent: number }): boolean => performance.now() - sent < TRUST

/** Asks the server who it is. */
async function runCheck(setup: TrustSetup, state: State): Promise<void> {
  const { node, attempts, failure, hooks, changed, again } = setup
  const { disconnects } = attempts()
  const { suspicions } = state
  const number = ++state.checksBegun
  state.token = undefined
  // A reply says nothing about the present if its connection is gone or the server was suspected meanwhile.
  const outdated = (): boolean =>
    attempts().stopped ||
    disconnects !== attempts().disconnects ||
    suspicions !== state.suspicions ||
    (state.known?.check ?? 0) > number
  try {
    const sent = performance.now()
    const identity = await hooks.identify(node(), again || disconnects > 0)
    const { incarnation } = identity
    if (outdated()) return
    if (state.known?.incarnation !== incarnation) {
      // Another incarnation on the same connection: listeners must learn that the old one is over.
      state.loseTrust()
      await hooks.beforeTrust(node())
      if (outdated()) return
    }
    const isNew = state.known?.incarnation !== incarnation
    // Another incarnation may be another server with another clock.
    const offset = narrowed(isNew ? undefined : state.known?.offset, identity.offset)
    state.known = { ...identity, offset, sent, check: number }
    if (isNew) changed({ kind: 'ready', node: node() })
  } catch (error) {
    // The client learns of a wrong password in the same packet, and emits that error a moment later.
    if (needsPassword(error)) await turn()
    attempts().recordError(error)
    if (state.known && !isYoung(state.known)) state.loseTrust()
    throw failure(error instanceof Error ? attempts().causeOf(error) : error)
  } finally {
    state.checksEnded = Math.max(state.checksEnded, number)
    state.overdue = false
  }
}
