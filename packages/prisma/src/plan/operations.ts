/** How the cache treats an operation. */
export type OperationKind = 'read' | 'write' | 'raw-read' | 'raw-write'

/** How many rows of its model the result of a read contains: at most one, as many as it is long, or none that can be counted. */
export type ReadShape = 'one' | 'many' | 'aggregate'

/** The shape of the result of each read. */
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
 * The kind of each Prisma operation. Any other operation is unknown to this version and counts as an opaque write. A raw query may
 * write as well (`… RETURNING`, a function), so its text decides and not its name.
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
