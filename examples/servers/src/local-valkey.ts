import { startServer, valkeyProgram } from '@larder/testing'

const FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin']

/**
 * Starts a Valkey or Redis server that ends with this process, with an append-only file in a temporary folder.
 * @throws Error that says what to install if there is no such program. It installs nothing.
 */
export async function startLocalValkey(
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const program = await valkeyProgram({ env, folders: FOLDERS, mayInstall: false })
  return startServer(['--appendonly', 'yes'], { program })
}
