import type { Redis } from 'iovalkey'

/** What a server has used, by its own figures. */
export interface Usage {
  /** Ns. */
  readonly cpu: number
  /** Bytes that it received and sent. */
  readonly input: number
  readonly output: number
  readonly commands: number
  /** How often it read from a connection. */
  readonly packets: number
}

/** @returns what the server used while `action` ran, one INFO included. */
export async function usageOf(client: Redis, action: () => Promise<unknown>): Promise<Usage> {
  const before = await read(client)
  await action()
  const after = await read(client)
  return {
    cpu: after.cpu - before.cpu,
    input: after.input - before.input,
    output: after.output - before.output,
    commands: after.commands - before.commands,
    packets: after.packets - before.packets,
  }
}

async function read(client: Redis): Promise<Usage> {
  const info = await client.info('everything')
  const field = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1])
  return {
    cpu: (field('used_cpu_user') + field('used_cpu_sys')) * 1e9,
    input: field('total_net_input_bytes'),
    output: field('total_net_output_bytes'),
    commands: field('total_commands_processed'),
    packets: field('total_reads_processed'),
  }
}
