/** What an operation is to the cache. */
export type OperationKind = 'read' | 'write' | 'raw-read' | 'raw-write'

/** How many plain rows of its model a read's result shows: one or none, as many as it is long, or none to count. */
export type ReadShape = 'one' | 'many' | 'aggregate'

/** The shape of each read's result. No other operation has one. */
export const SHAPES: ReadonlyMap<string, ReadShape> = new Map([
  ['findUnique', 'one'],
  ['findUniqueOrThrow', 'one'],
  ['findFirst', 'one'],
  ['findFirstOrThrow', 'one'],
  ['findMany', 'many'],
  ['count', 'aggregate'],
  ['aggregate', 'aggregate'],
  ['groupBy', 'aggregate'],
])

const WRITES = [
  'create',
  'createMany',
  'createManyAndReturn',
  'update',
  'updateMany',
  'updateManyAndReturn',
  'upsert',
  'delete',
  'deleteMany',
] as const

/**
 * The kind of each Prisma operation. One that is not here is not known to this version, and must be taken for an opaque write.
 * A raw query may write as well (`… RETURNING`, a function): its text decides, not its name.
 */
export const KINDS: ReadonlyMap<string, OperationKind> = new Map<string, OperationKind>([
  ...[...SHAPES.keys()].map((name) => [name, 'read'] as const),
  ...WRITES.map((name) => [name, 'write'] as const),
  ['$queryRaw', 'raw-read'],
  ['$queryRawUnsafe', 'raw-read'],
  ['$queryRawTyped', 'raw-read'],
  ['$executeRaw', 'raw-write'],
  ['$executeRawUnsafe', 'raw-write'],
])
