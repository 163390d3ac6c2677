import { checkOptions } from '../connection/options.ts'
import type { ValkeyStoreOptions } from '../connection/store-options.ts'
import { createTopology } from '../topology/create.ts'
import type { NodeHooks, Topology, ValkeyNode } from '../topology/topology.ts'
import { incarnationIn } from '../watch/incarnation.ts'
import { type Advice, adviceOn, isUnderSentinel, NO_INFO } from './advice.ts'
import { adviceOnSettings } from './settings.ts'

/** Advice only reads: it leaves nothing on the server and need not know its incarnations. */
const READ_ONLY: NodeHooks = {
  beforeTrust: async () => {},
  async identify(node) {
    const [info] = await node.ask([['info', 'server', 'replication']])
    return {
      incarnation: incarnationIn(info ?? null) ?? 'unknown',
      anyKeys: false,
      offset: { least: 0, most: 0 },
    }
  },
  beforeSend() {},
}

/**
 * Checks all primaries for settings that make a store slower or its promises weaker; for tools such as `larder doctor`.
 * Writes nothing. Needs a right that a store does not need (`CONFIG GET`); without it, the result contains `valkey-config`.
 * @param options as for `valkeyStore`. The URL of one node of a Cluster stands for the whole Cluster.
 * @returns what to change; empty if nothing.
 * @throws CacheError for a wrong option, or with the reason why a server cannot be used.
 * @example
 * ```ts
 * import { valkeyAdvice } from '@larder/valkey'
 *
 * for (const { code, message } of await valkeyAdvice('valkey://localhost:6379')) console.warn(code, message)
 * ```
 */
export async function valkeyAdvice(options: string | ValkeyStoreOptions): Promise<readonly Advice[]> {
  const url = typeof options === 'string' ? options : options.url
  const advice = new Map<string, Advice>()
  const warn = (code: string, message: string): void => {
    if (!advice.has(code)) advice.set(code, { code, message })
  }
  const topology = createTopology(
    checkOptions(options),
    { warn, open() {}, usedWithoutCache() {} },
    READ_ONLY,
  )
  try {
    await topology.opened()
    await topology.check()
    if (url !== undefined && (await isOfCluster(topology))) return await valkeyAdvice({ nodes: [url] })
    for (const node of topology.nodes())
      for (const { code, message } of await adviceOnNode(topology, node)) warn(code, message)
    return [...advice.values()]
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
  const info = [memory, replication].map((answer) => (answer instanceof Error ? '' : String(answer)))
  const infoless = memory instanceof Error || replication instanceof Error
  const settings = Array.isArray(config) ? config.map(String) : undefined
  return [
    ...(infoless ? [{ code: 'valkey-info', message: NO_INFO }] : []),
    ...adviceOn(info.join('\n'), isUnderSentinel(node)),
    ...adviceOnSettings(settings && pairs(settings), clustered),
  ]
}

function pairs(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(words.flatMap((word, at) => (at % 2 ? [] : [[word, words[at + 1] ?? ''] as const])))
}
