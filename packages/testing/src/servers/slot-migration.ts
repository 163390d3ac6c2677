import type { ClusterNode } from './cluster-node.ts'

/** A slot on its way from one node to another. Keys that have moved are answered with ASK by the old one. */
export interface Migration {
  readonly slot: number
  readonly from: ClusterNode
  readonly to: ClusterNode
  /** Keys that have not moved yet. */
  keys(): Promise<readonly string[]>
  /** Moves these keys; all that there are when left out. Returns how many it moved. */
  move(keys?: readonly string[]): Promise<number>
  /** Moves what is left and gives the slot to its new node, which every primary is told. */
  finish(): Promise<void>
}

export async function migrateSlot(
  slot: number,
  [from, to]: readonly [from: ClusterNode, to: ClusterNode],
  primaries: readonly ClusterNode[],
): Promise<Migration> {
  const set = (node: ClusterNode, ...state: string[]): Promise<unknown> =>
    node.call('CLUSTER', 'SETSLOT', String(slot), ...state)
  // In this order: a node that is not importing would send its callers back.
  await set(to, 'IMPORTING', from.id)
  await set(from, 'MIGRATING', to.id)

  const keys = async (): Promise<readonly string[]> =>
    (await from.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '1000')) as readonly string[]
  const move = async (some?: readonly string[]): Promise<number> => {
    const moving = some ?? (await keys())
    if (moving.length === 0) return 0
    const target = ['127.0.0.1', String(to.port), '', '0', '5000', 'REPLACE', 'KEYS']
    await from.call('MIGRATE', ...target, ...moving)
    return moving.length
  }
  return {
    slot,
    from,
    to,
    keys,
    move,
    async finish() {
      for (;;) {
        while ((await move()) > 0);
        // Refused by the old node while a key is left: one may have been written since.
        await set(to, 'NODE', to.id)
        const refusal = await set(from, 'NODE', to.id).catch((error: Error) => error)
        if (!(refusal instanceof Error)) break
      }
      for (const node of primaries) if (node !== from && node !== to) await set(node, 'NODE', to.id)
    },
  }
}
