import { expect, test } from 'vitest'
import type { Prisma } from '../../../../prisma/generated/client/client.ts'
import { KINDS, type OperationKind, SHAPES } from '../../src/plan/operations.ts'

// The types make the list complete: an operation that a later Prisma adds fails the type check here.
const ofModels: Readonly<Record<keyof Prisma.TypeMap['model']['User']['operations'], OperationKind>> = {
  findUnique: 'read',
  findUniqueOrThrow: 'read',
  findFirst: 'read',
  findFirstOrThrow: 'read',
  findMany: 'read',
  count: 'read',
  aggregate: 'read',
  groupBy: 'read',
  create: 'write',
  createMany: 'write',
  createManyAndReturn: 'write',
  update: 'write',
  updateMany: 'write',
  updateManyAndReturn: 'write',
  upsert: 'write',
  delete: 'write',
  deleteMany: 'write',
}

const ofClients: Readonly<Record<keyof Prisma.TypeMap['other']['operations'], OperationKind>> = {
  $queryRaw: 'raw-read',
  $queryRawUnsafe: 'raw-read',
  $executeRaw: 'raw-write',
  $executeRawUnsafe: 'raw-write',
}

test.each(Object.entries({ ...ofModels, ...ofClients, $queryRawTyped: 'raw-read' }))(
  '%s is classified as %s',
  (operation, kind) => {
    expect(KINDS.get(operation)).toBe(kind)
  },
)

test.each(['$runCommandRaw', 'findRaw', 'toString'])('%s is an unknown operation', (operation) => {
  expect(KINDS.get(operation)).toBeUndefined()
})

test('only reads have a result shape', () => {
  for (const [operation, kind] of Object.entries({ ...ofModels, ...ofClients })) {
    expect(SHAPES.has(operation)).toBe(kind === 'read')
  }
})
