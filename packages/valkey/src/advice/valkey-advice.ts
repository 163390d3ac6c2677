import { checkOptions } from '../connection/options.ts'
import type { ValkeyStoreOptions } from '../connection/store-options.ts'
import { createTopology } from '../topology/create.ts'
import type { NodeDuties, Topology, ValkeyNode } from '../topology/topology.ts'
import { lifeIn } from '../watch/incarnation.ts'
import { type Advice, adviceOn, isUnderSentinel, NO_INFO } from './advice.ts'
import { adviceOnSettings } from './settings.ts'

/** Whoever only asks leaves nothing on the server, and need not tell its lives apart. */
const ASKING: NodeDuties = {
  beforeTrust: async () => {},
  async identify(node) {
    const [info] = await node.ask([['info', 'server', 'replication']])
    return { life: lifeIn(info ?? null) ?? 'unsaid', anyKeys: false }
  },
  sending() {},
}

/**
 * Asks all primaries for settings under which a store is slower or promises less than it could; for tools such as
 * `larder doctor`. Writes nothing. Asks more than a store may (`CONFIG GET`); where that is refused, it says so
 * (`valkey-config`). The URL of one node of a Cluster stands for all of them.
 * @throws CacheError for a wrong option, or saying why a server cannot be used.
 */
export async function valkeyAdvice(options: string | ValkeyStoreOptions): Promise<readonly Advice[]> {
  const url = typeof options === 'string' ? options : options.url
  const found = new Map<string, Advice>()
  const tell = (code: string, message: string): void => {
    if (!found.has(code)) found.set(code, { code, message })
  }
  const topology = createTopology(checkOptions(options), { tell, open() {}, alone() {} }, ASKING)
  try {
    await topology.opened()
    await topology.check()
    if (url !== undefined && (await isOfCluster(topology))) return await valkeyAdvice({ nodes: [url] })
    for (const node of topology.nodes())
      for (const { code, message } of await adviceOnNode(topology, node)) tell(code, message)
    return [...found.values()]
  } catch (error) {
    throw topology.failure(error)
  } finally {
    topology.close()
  }
}

async function isOfCluster(topology: Topology): Promise<boolean> {
  const answers = await Promise.all(topology.nodes().map((node) => node.ask([['info', 'cluster']])))
  return answers.flat().some((answer) => /^cluster_enabled:1/m.test(String(answer)))
}

async function adviceOnNode({ clustered }: Topology, node: ValkeyNode): Promise<readonly Advice[]> {
  const [memory, replication, config] = await node.ask([
    ['info', 'memory'],
    ['info', 'replication'],
    ['config', 'get', '*'],
  ])
  const said = [memory, replication].map((answer) => (answer instanceof Error ? '' : String(answer)))
  const infoless = memory instanceof Error || replication instanceof Error
  const settings = Array.isArray(config) ? config.map(String) : undefined
  return [
    ...(infoless ? [{ code: 'valkey-info', message: NO_INFO }] : []),
    ...adviceOn(said.join('\n'), isUnderSentinel(node)),
    ...adviceOnSettings(settings && pairs(settings), clustered),
  ]
}

function pairs(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(words.flatMap((word, at) => (at % 2 ? [] : [[word, words[at + 1] ?? ''] as const])))
}
