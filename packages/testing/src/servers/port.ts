import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that systems give to outgoing connections, the ones for the bus of a cluster included: a killed server
 * finds its own free when it comes back.
 */
const LOWEST = 12_000
const HIGHEST = 22_000
/** A node of a cluster listens here besides, counted from its port. */
const BUS = 10_000

const usedPorts = new Set<number>()

/** A port nobody listens on, and nobody is given again by this process. */
export async function ownPort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (usedPorts.has(port) || !(await isFree(port)) || !(await isFree(port + BUS))) continue
    usedPorts.add(port)
    return port
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}
