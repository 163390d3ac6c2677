import { installDebianPackage } from '../services/install.ts'
import { findProgram } from '../services/program.ts'
import type { Surroundings } from '../services/service.ts'
import { thisMachine } from '../services/surroundings.ts'
import { unpackRedis } from './unpack-redis.ts'

const fix = `These tests start, pause and kill servers of their own, which a server in Docker or at VALKEY_URL cannot do.
Do one of these:
  install Valkey: apt install valkey-server (Debian 12: from backports), or brew install valkey
  set LARDER_TEST_SERVER to the path of a valkey-server or redis-server`

/**
 * The server program for tests that need servers of their own: `LARDER_TEST_SERVER`, else found on this machine, else
 * installed where that is allowed.
 * @throws Error with the fix when there is none.
 */
export async function valkeyProgram(around: Surroundings = thisMachine()): Promise<string> {
  const { LARDER_TEST_SERVER } = around.env
  if (LARDER_TEST_SERVER) return LARDER_TEST_SERVER
  const names = ['valkey-server', 'redis-server']
  let program = findProgram(names, around)
  if (program === undefined && around.mayInstall) {
    await installDebianPackage('valkey-server')
    program = findProgram(names, around)
  }
  if (program === undefined) throw new Error(`no program ${names.join(' or ')} on this machine\n${fix}`)
  return program
}

/**
 * A second server program, Redis: `LARDER_TEST_REDIS`, else found in the PATH, else Debian's package unpacked into a
 * temporary folder, where packages may be fetched.
 */
export async function redisProgram(
  around: Surroundings = thisMachine(),
): Promise<{ readonly program: string } | { readonly reason: string }> {
  const { LARDER_TEST_REDIS } = around.env
  if (LARDER_TEST_REDIS) return { program: LARDER_TEST_REDIS }
  const program = findProgram(['redis-server'], around)
  if (program !== undefined) return { program: program }
  const wish = 'set LARDER_TEST_REDIS to the path of a redis-server, or install one'
  if (!around.mayInstall) return { reason: `no program redis-server on this machine; ${wish}` }
  try {
    return { program: await unpackRedis() }
  } catch (error) {
    return { reason: `Debian's redis-server could not be fetched (${error}); ${wish}` }
  }
}
