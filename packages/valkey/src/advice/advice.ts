import type { Topology, ValkeyNode } from '../topology/topology.ts'

/** Something about the server's settings that the user should change. `code` is stable. */
export interface Advice {
  readonly code: string
  readonly message: string
}

/** The part of a client that is asked here. */
interface Asked {
  info(section: string): Promise<string>
}

/**
 * Tells of settings under which the store is slower or promises less than it could, each once per store. Knows only
 * what INFO says: where the server says nothing (managed services leave fields out), nothing is told.
 */
export interface Advisor {
  /**
   * Looks at a primary, once for each name. Never rejects.
   * @param sentinel whether a Sentinel may promote another server in its place.
   */
  look(name: string, client: Asked, sentinel: boolean): Promise<void>
}

export function createAdvisor(warn: (code: string, message: string) => void): Advisor {
  const seen = new Set<string>()
  const told = new Set<string>()
  return {
    async look(name, client, sentinel) {
      if (seen.has(name)) return
      seen.add(name)
      try {
        const [memory, replication] = await Promise.all([client.info('memory'), client.info('replication')])
        for (const { code, message } of adviceOn(`${memory}\n${replication}`, sentinel)) {
          if (!told.has(code)) warn(code, message)
          told.add(code)
        }
      } catch {
        // It may answer the next time; and an INFO that is not allowed is no reason to warn of anything.
        seen.delete(name)
      }
    },
  }
}

/** What is told where a server does not say who it is (`valkey-info`). */
export const NO_INFO =
  'the server does not say who it is (it refuses INFO, or INFO has no run_id and master_replid), so Larder cannot tell a failover from a reconnect: each reconnect of any process empties the cache once. Allow +info where that is all that is missing'

/** Looks at every primary once it can be asked. */
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
    void advisor.look(node.name, { info }, isUnderSentinel(node))
  })
}

/** A client that Sentinels lead to its server has their addresses, whoever made it. */
export function isUnderSentinel({ client }: ValkeyNode): boolean {
  return (client.options as { readonly sentinels?: unknown } | undefined)?.sentinels != null
}

/** @param info sections memory and replication of INFO. */
export function adviceOn(info: string, sentinel: boolean): readonly Advice[] {
  const advice: Advice[] = []
  const policy = /^maxmemory_policy:([\w-]+)/m.exec(info)?.[1]
  if (policy === 'noeviction')
    advice.push({
      code: 'valkey-noeviction',
      message:
        'the Valkey server has maxmemory-policy noeviction: once its memory is full it stores nothing more, and every read that is not stored yet goes to the database. Set maxmemory, and maxmemory-policy allkeys-lru',
    })
  if (policy === 'volatile-ttl')
    advice.push({
      code: 'valkey-volatile-ttl',
      message:
        'the Valkey server has maxmemory-policy volatile-ttl, which evicts first what expires first: the marks of writes that are under way. A write that takes longer than its mark stays can leave a stale entry. Set maxmemory-policy allkeys-lru',
    })
  // The field is there only where min-replicas-to-write (and its lag) is above zero.
  const primary = /^role:master/m.test(info) && /^master_replid:/m.test(info)
  if (sentinel && primary && !/^min_(slaves|replicas)_good_(slaves|replicas):/m.test(info))
    advice.push({
      code: 'valkey-min-replicas',
      message:
        'the Valkey primary under Sentinel has min-replicas-to-write 0: cut off from the others it goes on taking writes and answering reads while another server is promoted, and processes that see only it serve stale entries for as long. Set min-replicas-to-write 1 and min-replicas-max-lag 3 (below down-after-milliseconds) on every server of the set',
    })
  return advice
}
