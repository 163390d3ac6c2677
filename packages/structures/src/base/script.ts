import { createHash } from 'node:crypto'
import { CacheError } from '@larder/core/store'
import type { StructureClient } from './client.ts'

/** Runs one Lua script. `KEYS[1]` is the key given, and all other keys of the structure begin with it. */
export type Script = (client: StructureClient, key: string, ...args: (string | number)[]) => Promise<unknown>

/**
 * A script, sent by its digest and as a whole text to a server that does not have it. A script always runs on the primary of
 * its key, whatever `scaleReads` of a Cluster says.
 * @param name the operation, as errors name it.
 * @param body Lua. The line with `#!lua` makes a server refuse a script that touches a second slot.
 */
export function scriptOf(name: string, body: string, flags = ''): Script {
  const lua = `#!lua${flags && ` flags=${flags}`}\n${body}`
  const sha = createHash('sha1').update(lua).digest('hex')
  return async (client, key, ...args) => {
    try {
      return await client.call('evalsha', sha, 1, key, ...args)
    } catch (error) {
      if (!messageOf(error).startsWith('NOSCRIPT')) throw failure(name, error)
    }
    try {
      return await client.call('eval', lua, 1, key, ...args)
    } catch (error) {
      throw failure(name, error)
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The client's error carries the arguments of the command, such as a session. They must not reach a log. */
function failure(name: string, error: unknown): CacheError {
  const cause = new Error(messageOf(error))
  if (error instanceof Error) cause.name = error.name
  return new CacheError('LARDER_STORE', `${name} failed: ${cause.message}`, { cause })
}
