import type { Advice } from './advice.ts'

/** Shortest sensible `timeout` (s). Larder uses each connection at least once a second. */
const SHORTEST_TIMEOUT = 10
/** Longest sensible `cluster-node-timeout` (ms): how long a primary that was cut off still counts. */
const LONGEST_NODE_TIMEOUT = 5_000

/**
 * Advice on settings that CONFIG GET shows and INFO does not.
 * @param settings undefined if CONFIG GET is not allowed.
 */
export function adviceOnSettings(
  settings: ReadonlyMap<string, string> | undefined,
  clustered: boolean,
): readonly Advice[] {
  if (!settings)
    return [
      {
        code: 'valkey-config',
        message:
          'the server does not let this user read its settings (CONFIG GET): maxmemory, timeout and those of a Cluster were not checked',
      },
    ]
  const advice: Advice[] = []
  const add = (code: string, message: string): number => advice.push({ code, message })
  if (settings.get('maxmemory') === '0')
    add(
      'valkey-maxmemory',
      'the Valkey server has maxmemory 0: it never evicts, and the kernel kills it once the machine is out of memory. Set maxmemory to 60–75 % of the memory it has',
    )
  const timeout = Number(settings.get('timeout') ?? 0)
  if (timeout > 0 && timeout < SHORTEST_TIMEOUT)
    add(
      'valkey-timeout',
      `the Valkey server has timeout ${timeout}: it closes connections that are idle for that many seconds, and each lost connection costs hits. Set timeout 0, or at least 10`,
    )
  if (!clustered) return advice
  const nodeTimeout = Number(settings.get('cluster-node-timeout') ?? 0)
  if (nodeTimeout > LONGEST_NODE_TIMEOUT)
    add(
      'valkey-node-timeout',
      `the Cluster has cluster-node-timeout ${nodeTimeout}: processes that reach only a primary that was cut off keep trusting it for that many milliseconds. Set 2000 to 5000`,
    )
  if (settings.get('cluster-require-full-coverage') === 'yes')
    add(
      'valkey-full-coverage',
      'the Cluster has cluster-require-full-coverage yes: if one shard is lost, all of them refuse commands. Set it to no',
    )
  return advice
}
