import { loadPackage, reasonOf } from './connection.ts'
import { DoctorError } from './doctor-error.ts'
import type { Finding, Level } from './finding.ts'

/** Levels of advice that is not a warning. */
const LEVELS: Readonly<Record<string, Level>> = { 'valkey-volatile-ttl': 'danger', 'valkey-config': 'note' }

/**
 * Findings about the settings of a store's servers.
 * @param urls one server, or several nodes of a Cluster.
 * @param name of the primary, if the URLs are Sentinels.
 * @throws DoctorError if the servers cannot be reached.
 */
export async function findingsOfStore(
  urls: readonly string[],
  name: string | undefined,
): Promise<readonly Finding[]> {
  const { valkeyAdvice } = await loadPackage('@larder/valkey', () => import('@larder/valkey'))
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
    throw new DoctorError(reasonOf(error))
  }
}
