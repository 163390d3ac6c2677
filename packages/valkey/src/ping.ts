import type { Target } from './connection/target.ts'
import type { Topology } from './topology/topology.ts'

/** How long `ping` waits, besides the time that connecting may take: for the pause before it, and for an answer (ms). */
const ANSWER = 5_000
/** How long a client that was given to us may take to connect (ms). */
const CONNECTING = 2_000

/** @throws CacheError with the last trouble, when `ask` fails or takes too long. */
export async function ping(topology: Topology, target: Target, ask: () => Promise<void>): Promise<void> {
  const longest = (target.kind === 'client' ? CONNECTING : target.connectTimeout) + ANSWER
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(troubleOf(topology, longest)), longest)
  })
  try {
    await Promise.race([ask(), late])
  } finally {
    clearTimeout(timer)
  }
}

function troubleOf({ nodeOf, failure }: Topology, longest: number): Error {
  try {
    nodeOf('').claim()
    return failure(new Error(`no answer within ${longest} ms`))
  } catch (error) {
    return failure(error)
  }
}
