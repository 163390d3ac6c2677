import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Connection } from './connect.ts'

/**
 * One key for all caches on a server, with no option to change it: `invalidate({ all })` then costs every cache on
 * this server its hits, but no two processes can be set up so that one misses the other's.
 */
export const EPOCH_KEY = 'larder:epoch'

/** How often the server is asked who it is. */
const EVERY = 1_000
/** Nonces are trusted if the last check that succeeded was sent less than this ago. */
const TRUST = 2_000

/** Who answers: nonces of one server process, or of one line of replication, mean nothing to the next. */
export interface Incarnation {
  /** Name of the server's present life. @throws CacheError when it is not known just now, and why. */
  current(): string
  /** Resolves once the first attempt to connect has ended, whichever way. At once after that. */
  opened(): Promise<void>
  /** Asks now. Waits for the connection attempt under way, if there is one. */
  check(): Promise<void>
  stop(): void
}

export function watchIncarnation({ client, failure, database }: Connection): Incarnation {
  let known: { readonly name: string; readonly sent: number } | undefined
  let trouble: unknown = new Error('not connected yet')
  let stopped = false
  let ended = false
  let attempt = Promise.withResolvers<void>()
  let first: Promise<void> | undefined = settledOf(attempt.promise)
  void first.then(() => {
    first = undefined
  })

  const ask = async (): Promise<void> => {
    const sent = performance.now()
    const mine = attempt
    const [server, replication] = await Promise.all([
      client.info('server'),
      client.info('replication'),
      // Refused by a replica, and by a primary that may not take writes: then it may not vouch for nonces either.
      client.set(EPOCH_KEY, newEpoch(), 'NX'),
      // A client whose SELECT failed goes on in database 0 and says nothing.
      database > 0 && client.select(database),
    ])
    const name = nameOf(server, replication)
    // An answer that outlived its connection says nothing about the next one.
    if (mine === attempt) known = { name, sent }
  }
  const check = async (): Promise<void> => {
    try {
      await ask()
    } catch (error) {
      trouble = error
      throw failure(error)
    }
  }
  const watch = async (): Promise<void> => {
    const mine = attempt
    await check().then(mine.resolve, mine.reject)
    while (!stopped && mine === attempt) {
      await wait(EVERY, undefined, { ref: false })
      if (!stopped && mine === attempt) await check().catch(() => {})
    }
  }
  const onReady = (): void => {
    if (ended) attempt = Promise.withResolvers()
    ended = false
    trouble = new Error('the connection was lost')
    void watch()
  }
  const onError = (error: unknown): void => {
    trouble = error
  }
  const onClose = (): void => {
    known = undefined
    const lost = attempt
    attempt = Promise.withResolvers()
    void settledOf(attempt.promise)
    lost.reject(failure(trouble))
  }
  const onEnd = (): void => {
    ended = true
    attempt.reject(failure(trouble))
  }
  client.on('ready', onReady)
  client.on('error', onError)
  client.on('close', onClose)
  client.on('end', onEnd)
  if (client.status === 'ready') onReady()
  if (client.status === 'end') onEnd()

  /** A lazy connection begins with the first call. */
  const begin = (): void => {
    if (client.status === 'wait') void client.connect().catch(() => {})
  }
  return {
    current() {
      if (known && performance.now() - known.sent < TRUST) return known.name
      throw failure(known ? new Error('has not answered for two seconds') : trouble)
    },
    async opened() {
      begin()
      await first
    },
    async check() {
      begin()
      await attempt.promise
      await check()
    },
    stop() {
      stopped = true
      known = undefined
      trouble = new Error('the store is closed')
      client.off('ready', onReady)
      client.off('error', onError)
      client.off('close', onClose)
      client.off('end', onEnd)
      onEnd()
    },
  }
}

export function newEpoch(): string {
  return randomBytes(9).toString('base64url')
}

function nameOf(server: string, replication: string): string {
  const run = /^run_id:(\w+)/m.exec(server)?.[1]
  const line = /^master_replid:(\w+)/m.exec(replication)?.[1]
  const role = /^role:(\w+)/m.exec(replication)?.[1]
  if (!run || !line) throw new Error('INFO does not say run_id and master_replid: this version needs both')
  if (role !== 'master') throw new Error(`is a ${role}, not a primary`)
  return createHash('sha256').update(`${run} ${line}`).digest('base64url').slice(0, 22)
}

async function settledOf(promise: Promise<void>): Promise<void> {
  await promise.catch(() => {})
}
