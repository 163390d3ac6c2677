import { setImmediate as turn } from 'node:timers/promises'
import type { Attempts } from '../connection/attempts.ts'
import type { Failure } from '../connection/failure.ts'
import { isUnsigned } from '../connection/trouble.ts'
import type { Claim, NodeDuties, TopologyChange, ValkeyNode } from './topology.ts'

/** A server is believed if the last check that succeeded was sent less than this ago (ms). */
export const TRUST = 2_000

/** What checking one server takes. */
export interface CheckSetup {
  readonly node: () => ValkeyNode
  readonly attempts: () => Attempts
  readonly failure: Failure
  readonly duties: NodeDuties
  readonly changed: (change: TopologyChange) => void
  readonly again: boolean
}

/** What is known of the server, and by which checks. */
export interface State {
  known: { readonly life: string; readonly sent: number; readonly check: number } | undefined
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
export function beginning(lost: () => void): State {
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

export const isYoung = ({ sent }: { readonly sent: number }): boolean => performance.now() - sent < TRUST

/** Asks the server who it is. */
export async function check(setup: CheckSetup, state: State): Promise<void> {
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
    const life = await duties.identify(node(), again || count > 0)
    if (outdated()) return
    if (state.known?.life !== life) {
      // Another life without a lost connection: those who hold something of the old one hear that it is over.
      state.lose()
      await duties.beforeTrust(node())
      if (outdated()) return
    }
    const news = state.known?.life !== life
    state.known = { life, sent, check: number }
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
