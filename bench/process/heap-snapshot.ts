import { Session } from 'node:inspector/promises'

/** What one kind of objects takes. */
export interface Holding {
  /** The variable that holds them, and the way from there: `entries > MemoryEntry > bytes: Buffer`. */
  readonly path: string
  readonly bytes: number
  readonly objects: number
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[]
      readonly node_types: readonly [readonly string[]]
      readonly edge_fields: readonly string[]
      readonly edge_types: readonly [readonly string[]]
    }
  }
  readonly nodes: readonly number[]
  readonly edges: readonly number[]
  readonly strings: readonly string[]
}

/** A longer way from a table is one through a chain of items, which says nothing. */
const DEEPEST = 12

async function take(): Promise<Snapshot> {
  const session = new Session()
  session.connect()
  const chunks: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ params }) => void chunks.push(params.chunk))
  try {
    await session.post('HeapProfiler.takeHeapSnapshot')
    return JSON.parse(chunks.join('')) as Snapshot
  } finally {
    session.disconnect()
  }
}

/** What hangs on tables and lists with at least `least` items each, by the shortest way to it. */
export async function holdings(least: number): Promise<readonly Holding[]> {
  const graph = graphOf(await take())
  const { count, via, parentOf, sizeOf, labelOf, isContext, edgeName } = graph
  const children = new Uint32Array(count)
  for (let node = 1; node < count; node++)
    if (via[node] !== -1) children[parentOf(node)] = (children[parentOf(node)] ?? 0) + 1
  const isTable = (node: number): boolean => (children[node] ?? 0) >= least
  const owners = new Map<number, string>()
  /** The variable of a closure that leads to a table. */
  const findOwner = (table: number): string => {
    let name = ''
    for (let node = table; node > 0; node = parentOf(node)) {
      if (isContext(node)) return name ? `${edgeName(node)}.${name}` : edgeName(node)
      const edge = edgeName(node)
      if (/^[a-z]/i.test(edge)) name = name ? `${edge}.${name}` : edge
    }
    return name
  }
  const ownerOf = (table: number): string => {
    const owner = owners.get(table) ?? findOwner(table)
    owners.set(table, owner)
    return owner
  }
  const sums = new Map<string, { bytes: number; objects: number }>()
  for (let node = 1; node < count; node++) {
    const steps: string[] = []
    let at = node
    while (at > 0 && via[at] !== -1 && !isTable(at) && steps.length < DEEPEST) {
      steps.unshift(labelOf(at))
      at = parentOf(at)
    }
    if (at <= 0 || !isTable(at) || ownerOf(at) === '') continue
    const path = [ownerOf(at), ...steps].join(' > ')
    const sum = sums.get(path) ?? { bytes: 0, objects: 0 }
    sums.set(path, { bytes: sum.bytes + sizeOf(node), objects: sum.objects + 1 })
  }
  return [...sums].map(([path, sum]) => ({ path, ...sum })).sort((a, b) => (a.path < b.path ? -1 : 1))
}

function graphOf({ snapshot, nodes, edges, strings }: Snapshot) {
  const { node_fields, node_types, edge_fields, edge_types } = snapshot.meta
  const [width, edgeWidth] = [node_fields.length, edge_fields.length]
  const count = nodes.length / width
  const field = (name: string) => {
    const at = node_fields.indexOf(name)
    return (node: number): number => nodes[node * width + at] ?? 0
  }
  const edgeField = (name: string) => {
    const at = edge_fields.indexOf(name)
    return (edge: number): number => edges[edge * edgeWidth + at] ?? 0
  }
  const [typeIndex, nameIndex, sizeOf, edgeCount] = ['type', 'name', 'self_size', 'edge_count'].map(
    field,
  ) as [
    ReturnType<typeof field>,
    ReturnType<typeof field>,
    ReturnType<typeof field>,
    ReturnType<typeof field>,
  ]
  const [edgeTypeIndex, edgeNameIndex, target] = ['type', 'name_or_index', 'to_node'].map(edgeField) as [
    ReturnType<typeof field>,
    ReturnType<typeof field>,
    ReturnType<typeof field>,
  ]
  const edgeType = (edge: number): string => edge_types[0][edgeTypeIndex(edge)] ?? ''
  const from = new Uint32Array(count)
  for (let node = 1; node < count; node++) from[node] = (from[node - 1] ?? 0) + edgeCount(node - 1)
  // By the shortest way from the root: the edge that leads to each node, and where it begins.
  const via = new Int32Array(count).fill(-1)
  const parents = new Int32Array(count)
  const queue = [0]
  for (let next = 0; next < queue.length; next++) {
    const node = queue[next] as number
    for (let at = 0; at < edgeCount(node); at++) {
      const edge = (from[node] ?? 0) + at
      const to = target(edge) / width
      if (to === 0 || via[to] !== -1 || edgeType(edge) === 'weak') continue
      via[to] = edge
      parents[to] = node
      queue.push(to)
    }
  }
  const edgeName = (node: number): string => {
    const edge = via[node] ?? 0
    const type = edgeType(edge)
    return type === 'element' || type === 'hidden' ? '' : (strings[edgeNameIndex(edge)] ?? '')
  }
  const labelOf = (node: number): string => {
    const type = node_types[0][typeIndex(node)] ?? ''
    const edge = edgeName(node)
      .replace(/^\d+$/, '')
      .replace(/^\d+ \/ part of key.*/, 'by WeakMap')
    const name = /string|number/.test(type) ? type : (strings[nameIndex(node)] ?? '').replace(/^$/, type)
    return edge ? `${edge}: ${name}` : name
  }
  return {
    count,
    via,
    parentOf: (node: number): number => parents[node] ?? 0,
    sizeOf,
    edgeName,
    labelOf,
    isContext: (node: number): boolean => edgeType(via[node] ?? 0) === 'context',
  }
}
