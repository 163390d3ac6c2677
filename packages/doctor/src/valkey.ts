import { driver, reasonOf } from './connection.ts'
import type { Finding, Level } from './finding.ts'
import { Mistake } from './mistake.ts'

/** Levels of what is no mere warning. */
const LEVELS: Readonly<Record<string, Level>> = { 'valkey-volatile-ttl': 'danger', 'valkey-config': 'note' }

/**
 * What the servers of a store should be told differently.
 * @param urls one server; several: nodes of a Cluster.
 * @param name of the primary, where the URLs are those of Sentinels.
 * @throws Mistake when they cannot be asked.
 */
export async function findingsOfStore(
  urls: readonly string[],
  name: string | undefined,
): Promise<readonly Finding[]> {
  const { valkeyAdvice } = await driver('@larder/valkey', () => import('@larder/valkey'))
  const [url = ''] = urls
  try {
    const advice = await valkeyAdvice(
      name !== undefined ? { sentinels: urls, name } : urls.length > 1 ? { nodes: urls } : url,
    )
    return advice.map(({ code, message }) => ({
      level: LEVELS[code] ?? 'warning',
      code,
      subject: 'valkey',
      message,
      fix: 'see docs/valkey-server.md of @larder/doctor, “Settings of the server”',
    }))
  } catch (error) {
    throw new Mistake(reasonOf(error))
  }
}
