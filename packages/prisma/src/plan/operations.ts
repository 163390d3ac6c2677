/** What an operation is to the cache. */
export type OperationKind = 'read' | 'write' | 'raw-read' | 'raw-write'

/** How many plain rows of its model a read's result shows: one or none, as many as it is long, or none to count. */
export type ReadShape = 'one' | 'many' | 'aggregate'

const READS: Readonly<Record<string, ReadShape>> = {
  findUnique: 'one',
  findUniqueOrThrow: 'one',
  findFirst: 'one',
  findFirstOrThrow: 'one',
  findMany: 'many',
  count: 'aggregate',
  aggregate: 'aggregate',
  groupBy: 'aggregate',
}

/** Names of all reads. */
export const readNames: readonly string[] = Object.keys(READS)

const WRITES: ReadonlySet<string> = new Set([
  'create',
  'createMany',
  'createManyAndReturn',
  'update',
  'updateMany',
  'updateManyAndReturn',
  'upsert',
  'delete',
  'deleteMany',
])

/** A raw query may write as well (`… RETURNING`, a function): its text decides, not its name. */
const RAW: Readonly<Record<string, OperationKind>> = {
  $queryRaw: 'raw-read',
  $queryRawUnsafe: 'raw-read',
  $queryRawTyped: 'raw-read',
  $executeRaw: 'raw-write',
  $executeRawUnsafe: 'raw-write',
}

/** Kind of a Prisma operation; undefined for one this version does not know, which must be taken for an opaque write. */
export function kindOf(operation: string): OperationKind | undefined {
  if (shapeOf(operation)) return 'read'
  if (WRITES.has(operation)) return 'write'
  return Object.hasOwn(RAW, operation) ? RAW[operation] : undefined
}

/** Shape of a read's result; undefined for anything but a read. */
export function shapeOf(operation: string): ReadShape | undefined {
  return Object.hasOwn(READS, operation) ? READS[operation] : undefined
}
