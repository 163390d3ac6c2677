import type { Topology, ValkeyNode } from '../topology/topology.ts'

/** A setting of a server that the user should change. */
export interface Advice {
  /** Stable, such as `'valkey-noeviction'`. */
  readonly code: string
  /** Names the setting, what it costs and what to set. */
  readonly message: string
}

/** Sends INFO to a server. */
interface InfoClient {
  info(section: string): Promise<string>
}

/**
 * Warns about settings that make the store slower or its promises weaker, once per store. It only sees what INFO shows:
 * managed services leave fields out, and then there is no warning.
 */
export interface Advisor {
  /**
   * Inspects a primary, once for each name. Never rejects.
   * @param sentinel whether Sentinels may promote another server in its place.
   */
  inspect(name: string, client: InfoClient, sentinel: boolean): Promise<void>
}

export function createAdvisor(warn: (code: string, message: string) => void): Advisor {
  const inspected = new Set<string>()
  const warned = new Set<string>()
  return {
    async inspect(name, client, sentinel) {
      if (inspected.has(name)) return
      inspected.add(name)
      try {
        const [memory, replication] = await Promise.all([client.info('memory'), client.info('replication')])
        for (const { code, message } of adviceOn(`${memory}\n${replication}`, sentinel)) {
          if (!warned.has(code)) warn(code, message)
          warned.add(code)
        }
      } catch {
        // It may answer the next time. An INFO that is refused is no reason for a warning.
        inspected.delete(name)
      }
    },
  }
}

/** The message of `valkey-info`: a server does not show its incarnation. */
export const NO_INFO =
  'the server does not say who it is (it refuses INFO, or INFO has no run_id and master_replid), so Larder cannot distinguish a failover from a reconnect: each reconnect of any process invalidates the whole cache once. If only the right is missing, allow +info'

/** Inspects every primary once it is ready. */
export function adviseOn(topology: Topology, warn: (code: string, message: string) => void): void {
  const advisor = createAdvisor(warn)
  topology.onChange((change) => {
    if (change.kind !== 'ready') return
    const { node } = change
    const info = async (section: string): Promise<string> => {
      const [answer] = await node.ask([['info', section]])
      if (answer instanceof Error) throw answer
      return String(answer)
    }
    void advisor.inspect(node.name, { info }, isUnderSentinel(node))
  })
}

/** True for a client that finds its server through Sentinels, whoever made it. */
export function isUnderSentinel({ client }: ValkeyNode): boolean {
  return (client.options as { readonly sentinels?: unknown } | undefined)?.sentinels != null
}

/** @param info the sections memory and replication of INFO. */
export function adviceOn(info: string, sentinel: boolean): readonly Advice[] {
  const advice: Advice[] = []
  const policy = /^maxmemory_policy:([\w-]+)/m.exec(info)?.[1]
  if (policy === 'noeviction')
    advice.push({
      code: 'valkey-noeviction',
      message:
        'the Valkey server has maxmemory-policy noeviction: once its memory is full, it stores no new entries, and reads without an entry go to the database. Set maxmemory, and maxmemory-policy allkeys-lru',
    })
  if (policy === 'volatile-ttl')
    advice.push({
      code: 'valkey-volatile-ttl',
      message:
        'the Valkey server has maxmemory-policy volatile-ttl, which first evicts what expires first: the marks of pending writes. A write whose mark is evicted before it commits can leave a stale entry. Set maxmemory-policy allkeys-lru',
    })
  // INFO has the field only if min-replicas-to-write (and its lag) is above zero.
  const primary = /^role:master/m.test(info) && /^master_replid:/m.test(info)
  if (sentinel && primary && !/^min_(slaves|replicas)_good_(slaves|replicas):/m.test(info))
    advice.push({
      code: 'valkey-min-replicas',
      message:
        'the Valkey primary under Sentinel has min-replicas-to-write 0: if it is cut off from the others, it keeps accepting writes and answering reads while another server is promoted, and processes that reach only the old primary serve stale entries for that long. Set min-replicas-to-write 1 and min-replicas-max-lag 3 (below down-after-milliseconds) on every server of the set',
    })
  return advice
}
