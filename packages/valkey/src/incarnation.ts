import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { followAttempts } from './attempts.ts'
import type { Connection } from './connect.ts'
import type { Epoch } from './epoch.ts'

/** How often the server is asked who it is. */
const EVERY = 1_000
/** Nonces are trusted if the last check that succeeded was sent less than this ago. */
const TRUST = 2_000

/** Who answers: nonces of one server process, or of one line of replication, mean nothing to the next. */
export interface Incarnation {
  /** Name of the server's present life. @throws CacheError when it is not known just now, and why. */
  current(): string
  /** Resolves once the first attempt to connect has ended, whichever way; undefined after that. */
  opened(): Promise<void> | undefined
  /** Asks now. Waits for the connection attempt under way, if there is one. */
  check(): Promise<void>
  stop(): void
}

export function watchIncarnation(connection: Connection, epoch: Epoch): Incarnation {
  const { client, failure } = connection
  let known: { readonly name: string; readonly sent: number } | undefined
  let stopped = false

  const check = async (): Promise<void> => {
    const sent = performance.now()
    const { count } = attempts
    try {
      const name = await askWho(connection, epoch)
      // An answer that outlived its connection says nothing about the next one.
      if (count === attempts.count) known = { name, sent }
    } catch (error) {
      attempts.blame(error)
      throw failure(client.status === 'ready' ? error : attempts.trouble)
    }
  }
  const watch = async (): Promise<void> => {
    const { count } = attempts
    const alive = (): boolean => !stopped && count === attempts.count
    while (alive()) {
      await wait(EVERY, undefined, { ref: false })
      if (alive()) await check().catch(() => {})
    }
  }
  const attempts = followAttempts(
    client,
    failure,
    // Not before this function has returned: the client may be connected already.
    async () => {
      await Promise.resolve()
      void watch()
      await check()
    },
    () => {
      known = undefined
    },
  )
  return {
    current() {
      if (known && performance.now() - known.sent < TRUST) return known.name
      throw failure(known ? new Error('has not answered for two seconds') : attempts.trouble)
    },
    opened: attempts.first,
    async check() {
      await attempts.now()
      await check()
    },
    stop() {
      stopped = true
      known = undefined
      attempts.stop()
    },
  }
}

async function askWho({ client, database }: Connection, epoch: Epoch): Promise<string> {
  const [server, replication] = await Promise.all([
    client.info('server'),
    client.info('replication'),
    // Refused by a replica, and by a primary that may not take writes: then it may not vouch for nonces either.
    epoch.ensure(),
    // A client whose SELECT failed goes on in database 0 and says nothing.
    database > 0 && client.select(database),
  ])
  const run = /^run_id:(\w+)/m.exec(server)?.[1]
  const line = /^master_replid:(\w+)/m.exec(replication)?.[1]
  const role = /^role:(\w+)/m.exec(replication)?.[1]
  if (!run || !line)
    throw new Error('INFO does not say run_id and master_replid, and this version needs both')
  if (role !== 'master') throw new Error(`is a ${role}, not a primary`)
  return createHash('sha256').update(`${run} ${line}`).digest('base64url').slice(0, 22)
}
