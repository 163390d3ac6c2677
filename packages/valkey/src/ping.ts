import type { Target } from './connection/target.ts'
import type { Topology } from './topology/topology.ts'

/** How long `ping` waits for a pause between attempts and for a reply, besides the time for connecting (ms). */
const REPLY_TIME = 5_000
/** How long the user's own client may take to connect (ms). */
const CONNECT_TIME = 2_000

/** Runs `ask` with a time limit. @throws CacheError with the last known reason, if it fails or takes too long. */
export async function ping(topology: Topology, target: Target, ask: () => Promise<void>): Promise<void> {
  const longest = (target.kind === 'client' ? CONNECT_TIME : target.connectTimeout) + REPLY_TIME
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(reasonFor(topology, longest)), longest)
  })
  try {
    await Promise.race([ask(), late])
  } finally {
    clearTimeout(timer)
  }
}

function reasonFor({ nodeOf, failure }: Topology, longest: number): Error {
  try {
    nodeOf('').requireTrust()
    return failure(new Error(`no answer within ${longest} ms`))
  } catch (error) {
    return failure(error)
  }
}
