import type { Advice } from './advice.ts'

/** A connection is used at least once a second: a shorter `timeout` would cut it (s). */
const SHORTEST_TIMEOUT = 10
/** Longest that a primary that was cut off should count (ms). */
const LONGEST_NODE_TIMEOUT = 5_000

/**
 * What CONFIG GET says beyond INFO.
 * @param settings undefined where it is not allowed.
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
          'the server does not let this user ask for its settings (CONFIG GET): maxmemory, timeout and those of a Cluster were not looked at',
      },
    ]
  const advice: Advice[] = []
  const tell = (code: string, message: string): number => advice.push({ code, message })
  if (settings.get('maxmemory') === '0')
    tell(
      'valkey-maxmemory',
      'the Valkey server has maxmemory 0: it never evicts, and the kernel ends it once memory is full. Set maxmemory to 60–75 % of what it has',
    )
  const timeout = Number(settings.get('timeout') ?? 0)
  if (timeout > 0 && timeout < SHORTEST_TIMEOUT)
    tell(
      'valkey-timeout',
      `the Valkey server has timeout ${timeout}: connections are cut that wait for no longer than that, and each one cut costs hits. Set timeout 0, or 10 and more`,
    )
  if (!clustered) return advice
  const nodeTimeout = Number(settings.get('cluster-node-timeout') ?? 0)
  if (nodeTimeout > LONGEST_NODE_TIMEOUT)
    tell(
      'valkey-node-timeout',
      `the Cluster has cluster-node-timeout ${nodeTimeout}: so many milliseconds a primary that was cut off is believed by the processes that see only it. Set 2000 to 5000`,
    )
  if (settings.get('cluster-require-full-coverage') === 'yes')
    tell(
      'valkey-full-coverage',
      'the Cluster has cluster-require-full-coverage yes: one lost shard makes all of them refuse. Set no',
    )
  return advice
}
