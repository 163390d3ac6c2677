import type { Cache } from '@larder/core'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import type { Random } from '../support/random.ts'
import { type Checker, DIRTY, type ObservedRow, PLAYERS, ROWS, WAREHOUSES } from './version-checker.ts'

/** A client under a worker's name. */
export interface Worker {
  readonly name: string
  readonly client: PrismaClient
  readonly cache: Cache
  readonly random: Random
}

const columns = { id: true, version: true, warehouse: true } as const
const UNDO = new Error('undo')

/** One read of a random shape, checked. */
export async function readOnce(worker: Worker, checker: Checker): Promise<void> {
  const { name, client, random } = worker
  const { stock } = client
  const id = random.int(1, ROWS)
  const shape = random.pick([
    'id',
    'id',
    'id',
    'sku',
    'sku',
    'ids',
    'warehouse',
    'all',
    'sum',
    'lines',
    'line',
    'line',
    'order',
    'handle',
    'pair',
  ] as const)
  const floors = checker.floors()
  const checkRow = (row: ObservedRow | null): void => {
    if (row) checker.saw(name, shape, row, floors.get(row.id) ?? 0)
    else checker.saw(name, shape, { id, version: -1, warehouse: 'nowhere' }, 0)
  }
  checker.count()
  switch (shape) {
    case 'id':
      return checkRow(await stock.findUnique({ where: { id } }))
    case 'sku':
      return checkRow(await stock.findUnique({ where: { sku: `s${id}` }, select: columns }))
    case 'lines':
      return checkRow(await stock.findUnique({ where: { id }, include: { lines: true } }))
    // Only the result tells which rows these depend on.
    case 'line':
      return checkRow(
        (await client.orderLine.findUnique({ where: { id }, include: { stock: true } }))?.stock ?? null,
      )
    case 'order': {
      const order = await client.order.findUnique({
        where: { id: 1 },
        include: { lines: { include: { stock: true } } },
      })
      for (const line of order?.lines ?? []) checkRow(line.stock)
      return
    }
    case 'ids': {
      const ids = [id, (id % ROWS) + 1]
      const rows = await stock.findMany({ where: { id: { in: ids } } })
      for (const row of rows) checkRow(row)
      if (rows.length !== 2) checkRow(null)
      return
    }
    case 'warehouse': {
      const warehouse = random.pick(WAREHOUSES)
      const rows = await stock.findMany({ where: { warehouse } })
      for (const row of rows) checkRow(row)
      const ids = new Set(rows.map((row) => row.id))
      for (let row = 1; row <= ROWS; row++)
        if (!ids.has(row)) checker.missed(name, row, warehouse, floors.get(row) ?? 0)
      return
    }
    case 'all':
      for (const row of await stock.findMany({ select: columns })) checkRow(row)
      return
    case 'handle':
    case 'pair':
      return shape === 'pair' ? await readPair(worker, checker) : await readHandle(worker, checker)
    case 'sum': {
      const { _sum } = await stock.aggregate({ _sum: { version: true } })
      const least = [...floors].reduce((sum, [row, version]) => (row <= ROWS ? sum + version : sum), 0)
      if ((_sum.version ?? 0) < least)
        checker.saw(name, shape, { id: 0, version: _sum.version ?? 0, warehouse: '' }, least)
      return
    }
  }
}

/** One write of a random shape; what it committed is told to the checker when it has returned. */
export async function writeOnce({ client, random }: Worker, checker: Checker): Promise<void> {
  const id = random.int(1, ROWS)
  const warehouse = random.pick(WAREHOUSES)
  const version = { increment: 1 }
  const shape = random.pick([
    'id',
    'id',
    'sku',
    'many',
    'upsert',
    'commit',
    'commit',
    'rollback',
    'array',
    'swap',
  ] as const)
  checker.count()
  switch (random.chance(0.01) ? 'raw' : shape) {
    case 'id':
      return checker.wrote(await client.stock.update({ where: { id }, data: { version } }))
    case 'sku':
      return checker.wrote(
        await client.stock.update({
          where: { sku: `s${id}` },
          data: { version, warehouse },
          select: columns,
        }),
      )
    case 'many': {
      const rows = await client.stock.updateManyAndReturn({ where: { id }, data: { version, warehouse } })
      for (const row of rows) checker.wrote(row)
      return
    }
    case 'upsert':
      return checker.wrote(
        await client.stock.upsert({
          where: { sku: `s${id}` },
          create: { sku: `s${id}`, warehouse },
          update: { version, warehouse },
        }),
      )
    case 'commit':
      return await commit(client, id, (id % ROWS) + 1, warehouse, checker)
    case 'rollback':
      await client
        .$transaction(async (tx) => {
          await tx.stock.update({
            where: { id },
            data: { version: { increment: 1_000_000 }, warehouse: DIRTY },
          })
          // Under the lock of the row: whoever reads now must see what was before.
          await client.stock.findUnique({ where: { id } })
          await tx.stock.findUnique({ where: { id } })
          throw UNDO
        })
        .catch(ignore)
      return
    case 'array': {
      const [row] = await client.$transaction([
        client.stock.update({ where: { id }, data: { version, warehouse } }),
        client.orderLine.count(),
      ])
      return checker.wrote(row)
    }
    case 'swap':
      return await swap(client, random, checker)
    case 'raw': {
      const rows = await client.$queryRaw<ObservedRow[]>`
        UPDATE inventory_stock SET version = version + 1 WHERE id = ${id} RETURNING id, version, warehouse`
      for (const row of rows) checker.wrote(row)
    }
  }
}

/** Two rows in one transaction, in the order of their ids so that no two wait for each other. */
async function commit(
  client: PrismaClient,
  a: number,
  b: number,
  warehouse: string,
  checker: Checker,
): Promise<void> {
  const rows = await client.$transaction(async (tx) => {
    const [first, second] = [Math.min(a, b), Math.max(a, b)]
    const firstRow = await tx.stock.update({
      where: { id: first },
      data: { version: { increment: 1 }, warehouse },
    })
    await tx.stock.findMany({ where: { id: { in: [first, second] } } })
    const other = await tx.stock.update({ where: { id: second }, data: { version: { increment: 1 } } })
    return [firstRow, other]
  })
  for (const row of rows) checker.wrote(row)
}

/** Handles are only ever swapped: each is always somebody's. */
async function readHandle({ name, client, random }: Worker, checker: Checker): Promise<void> {
  const floors = checker.floors()
  const handle = `h${random.int(1, PLAYERS)}`
  const player = await client.player.findUnique({ where: { handle } })
  if (!player) return checker.saw(name, `handle ${handle}`, { id: 100, version: -1, warehouse: handle }, 0)
  const row = { id: 100 + player.id, version: player.best, warehouse: player.handle }
  checker.saw(name, 'handle', row, floors.get(row.id) ?? 0)
}

/** A player and the score change together: two statements may see them apart, a hit may not. */
async function readPair({ name, client, cache, random }: Worker, checker: Checker): Promise<void> {
  const floors = checker.floors()
  const id = random.int(1, PLAYERS)
  const { result, reads } = await cache.explain(() =>
    client.player.findUniqueOrThrow({ where: { id }, include: { scores: true } }),
  )
  const row = { id: 100 + id, version: result.best, warehouse: result.handle }
  checker.saw(name, 'pair', row, floors.get(row.id) ?? 0)
  const torn = result.scores.some((score) => score.points !== result.best)
  if (torn && reads[0]?.source === 'memory') checker.saw(name, 'torn hit', { ...row, version: -1 }, 0)
}

/** Two players swap their unique handles. */
async function swap(client: PrismaClient, random: Random, checker: Checker): Promise<void> {
  const [a, b] = random.pick([
    [1, 2],
    [1, 3],
    [2, 3],
    [4, 5],
    [5, 6],
    [3, 6],
  ] as const)
  const rows = await client.$transaction(async (tx) => {
    const first = await tx.player.update({ where: { id: a }, data: { best: { increment: 1 } } })
    const second = await tx.player.update({ where: { id: b }, data: { best: { increment: 1 } } })
    await tx.player.update({ where: { id: a }, data: { handle: `moving ${a}` } })
    await tx.player.update({
      where: { handle: second.handle },
      data: { handle: first.handle },
      select: { best: true },
    })
    await tx.player.update({ where: { id: a }, data: { handle: second.handle } })
    await tx.score.updateMany({ where: { playerId: a }, data: { points: first.best } })
    await tx.score.updateMany({ where: { playerId: b }, data: { points: second.best } })
    return [
      { id: 100 + a, version: first.best, warehouse: second.handle },
      { id: 100 + b, version: second.best, warehouse: first.handle },
    ]
  })
  for (const row of rows) checker.wrote(row)
}

/** Serialization failures and our own rollback are part of the game. */
function ignore(error: unknown): void {
  if (error !== UNDO && (error as { code?: unknown }).code !== 'P2034') throw error
}
