import type { Redis } from 'iovalkey'

/** What a server did, by its own figures. */
export interface ServerLoad {
  /** Ns of CPU. */
  readonly cpu: number
  /** How often it read from a connection: the packets that it received. */
  readonly packets: number
}

/** @returns what the server did while `action` ran. */
export async function loadOf(client: Redis, action: () => Promise<unknown>): Promise<ServerLoad> {
  const before = await read(client)
  await action()
  const after = await read(client)
  // One of them is the INFO.
  return { cpu: after.cpu - before.cpu, packets: Math.max(0, after.packets - before.packets - 1) }
}

async function read(client: Redis): Promise<ServerLoad> {
  const info = await client.info('everything')
  const field = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1])
  return {
    cpu: (field('used_cpu_user') + field('used_cpu_sys')) * 1e9,
    packets: field('total_reads_processed'),
  }
}
