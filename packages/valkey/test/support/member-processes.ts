import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MemoryOptions } from '@larder/core'
import type { Ask } from './member.ts'

/** Processes of their own, each with a cache over one server. */
export interface MemberProcesses {
  /** What the member of this number answers. A member that ends instead rejects. */
  ask<T>(member: number, message: Ask): Promise<T>
  stop(): void
}

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/**
 * @param url of the server that is the store, and the database as well.
 * @param name the hash that is the database.
 */
export async function startMembers(
  count: number,
  url: string,
  name: string,
  mode: NonNullable<MemoryOptions['mode']>,
): Promise<MemberProcesses> {
  const members = Array.from({ length: count }, () =>
    fork(at('member.ts'), [url, url, name, mode], { execArgv: ['--import', at('../sources.mjs')] }),
  )
  await Promise.all(members.map(nextMessage))
  return {
    async ask<T>(member: number, message: Ask) {
      const child = members[member] as ChildProcess
      const answer = nextMessage(child)
      child.send(message)
      return (await answer) as T
    },
    stop() {
      for (const member of members) member.kill()
    },
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const exited = once(child, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`a member ended with ${code}`)
  })
  try {
    return (await Promise.race([once(child, 'message', { signal: over.signal }), exited]))[0]
  } finally {
    over.abort()
  }
}
