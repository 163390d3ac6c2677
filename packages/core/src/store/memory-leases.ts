import type { Clock } from '../base/clock.ts'
import {
  type LeaseEnd,
  type LeaseRequest,
  type LeaseState,
  type LoadLeases,
  STORED_FOR,
} from './load-leases.ts'

interface MemoryLease {
  /** Undefined: the entry was stored a moment ago. */
  readonly token: string | undefined
  until: number
}

/** Leases among the caches of one process. Each of them shares the loads of its own callers without one. */
export function createMemoryLeases(clock: Clock): LoadLeases {
  const leases = new Map<string, MemoryLease>()
  const waiting = new Map<string, Set<(end: LeaseEnd) => void>>()
  const nameOf = ({ entry, load }: Pick<LeaseRequest, 'entry' | 'load'>): string => `${entry} ${load}`

  /** The oldest come first, and all live about as long: enough to keep what nobody asks for again from piling up. */
  const prune = (): void => {
    for (const [name, { until }] of leases) {
      if (clock.now() < until) return
      leases.delete(name)
    }
  }
  const take = (request: LeaseRequest, always: boolean): LeaseState => {
    prune()
    const name = nameOf(request)
    const lease = leases.get(name)
    const remaining = (lease?.until ?? 0) - clock.now()
    if (lease && remaining > 0) {
      if (lease.token !== undefined) return { kind: 'held', remaining }
      if (!always) return { kind: 'stored' }
    }
    leases.delete(name)
    leases.set(name, { token: request.token, until: clock.now() + request.lifetime })
    return { kind: 'acquired' }
  }
  return {
    acquire: async (request) => take(request, false),
    join: async (request, always) => take(request, always),
    async renew(request) {
      const lease = leases.get(nameOf(request))
      if (lease?.token !== request.token || lease.until <= clock.now()) return false
      lease.until = clock.now() + request.lifetime
      return true
    },
    async release(request, end) {
      const name = nameOf(request)
      const lease = leases.get(name)
      if (lease && lease.token !== request.token) return
      leases.delete(name)
      if (end === 'stored') leases.set(name, { token: undefined, until: clock.now() + STORED_FOR })
      for (const ended of [...(waiting.get(name) ?? [])]) ended(end)
    },
    subscribe(request, ended) {
      const name = nameOf(request)
      const all = waiting.get(name) ?? new Set()
      waiting.set(name, all.add(ended))
      return {
        ready: Promise.resolve(),
        stop() {
          all.delete(ended)
          if (!all.size && waiting.get(name) === all) waiting.delete(name)
        },
      }
    },
  }
}
