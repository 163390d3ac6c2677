import { assemble } from './assemble.ts'
import { createCaches } from './caches.ts'
import { checkOptions } from './connection/options.ts'
import type { ValkeyStoreOptions } from './connection/store-options.ts'
import type { Topology, ValkeyNode } from './topology/topology.ts'
import { type Advice, adviceOn, isUnderSentinel } from './watch/advice.ts'
import { adviceOnSettings } from './watch/settings.ts'

/** What the doctor's own keys begin with: they live for seconds, and only where servers do not say who they are. */
const NAMESPACE = 'larder-doctor'

/**
 * Asks all primaries for settings under which a store is slower or promises less than it could; for tools such as
 * `larder doctor`. Asks more than a store may (`CONFIG GET`); where that is refused, it says so (`valkey-config`). The
 * URL of one node of a Cluster stands for all of them.
 * @throws CacheError for a wrong option, or saying why a server cannot be used.
 */
export async function valkeyAdvice(options: string | ValkeyStoreOptions): Promise<readonly Advice[]> {
  const url = typeof options === 'string' ? options : options.url
  const found = new Map<string, Advice>()
  const tell = (code: string, message: string): void => {
    if (!found.has(code)) found.set(code, { code, message })
  }
  const store = assemble(checkOptions(options), { tell, open() {}, alone() {} }, createCaches())
  const { topology } = store
  try {
    store.use(NAMESPACE)
    await topology.opened()
    await topology.check()
    if (url !== undefined && (await isOfCluster(topology))) return await valkeyAdvice({ nodes: [url] })
    for (const node of topology.nodes())
      for (const { code, message } of await adviceOnNode(topology, node)) tell(code, message)
    return [...found.values()]
  } catch (error) {
    throw topology.failure(error)
  } finally {
    store.close()
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
  const said = [memory, replication].filter((answer) => typeof answer === 'string')
  const settings = Array.isArray(config) ? config.map(String) : undefined
  return [
    ...adviceOn(said.join('\n'), isUnderSentinel(node)),
    ...adviceOnSettings(settings && pairs(settings), clustered),
  ]
}

function pairs(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(words.flatMap((word, at) => (at % 2 ? [] : [[word, words[at + 1] ?? ''] as const])))
}
