import type { Cache } from '@larder/core'
import { Prisma, type PrismaClient } from '../../../prisma/generated/client/client.ts'
import type { Source } from './nested-writes.ts'
import { type Operation, perform } from './operation.ts'
import { randomWrite } from './writes.ts'

/** One step of a history: what it is, for the report of a failure, and the doing of it. */
export interface Step {
  readonly name: string
  /** Resolves to whether it succeeded; a refusal by the database is no fault. */
  run(): Promise<boolean>
}

/** What steps act on. */
export interface Stage {
  /** The client with the cache. */
  readonly client: PrismaClient
  readonly cache: Cache
  /** Reads something beside a transaction that is open; nothing where that cannot be done. */
  readOutside(): Promise<void>
  /** Whether the database has savepoints and a second connection. */
  readonly full: boolean
  /** Whether the client knows keys: without a datamodel no row can be named. */
  readonly keyed: boolean
}

/** Thrown by a body to roll back. */
export const UNDO = new Error('undo')

/** A random step: a write, a transaction of either form, raw SQL or an explicit invalidation. */
export function randomStep(stage: Stage, source: Source): Step {
  const roll = source.random.next()
  if (roll < 0.7) return writeStep(stage, randomWrite(source))
  if (roll < 0.85) return interactiveStep(stage, source)
  if (roll < 0.96) return arrayStep(stage, source)
  if (roll < 0.985) return rawStep(stage, source)
  return invalidateStep(stage, source)
}

function writeStep({ client }: Stage, operation: Operation): Step {
  return { name: spell(operation), run: () => settled(() => perform(client, operation)) }
}

function interactiveStep({ client, readOutside, full }: Stage, source: Source): Step {
  const { int, chance } = source.random
  const writes = Array.from({ length: int(1, 3) }, () => randomWrite(source))
  const inner = full && chance(0.4) ? Array.from({ length: int(1, 2) }, () => randomWrite(source)) : []
  const undoInner = chance(0.5)
  const undo = chance(0.3)
  const catches = chance(0.3)
  const name = `interactive${undo ? ', rolled back' : ''}: ${writes.map(spell).join('; ')}${inner.length ? `; nested${undoInner ? ', rolled back' : ''}: ${inner.map(spell).join('; ')}` : ''}`
  return {
    name,
    run: () =>
      settled(() =>
        client.$transaction(
          async (tx) => {
            await tx.user.findUnique({ where: { id: 1 } })
            for (const write of writes) {
              if (catches) await settled(() => perform(tx, write))
              else await perform(tx, write)
              await tx.user.findMany({ where: { id: { in: [1, 2, 3] } } })
              if (full) await readOutside()
            }
            if (inner.length) await settled(() => nested(tx, inner, undoInner))
            await tx.post.findMany({ where: { authorId: 1 } })
            if (undo) throw UNDO
          },
          { timeout: 60_000, maxWait: 60_000 },
        ),
      ),
  }
}

/** A transaction in a transaction: a savepoint. Prisma's types hide it. */
function nested(tx: unknown, writes: readonly Operation[], undo: boolean): Promise<unknown> {
  const outer = tx as { $transaction(body: (tx: unknown) => Promise<void>): Promise<unknown> }
  return outer.$transaction(async (inner) => {
    for (const write of writes) await perform(inner, write)
    if (undo) throw UNDO
  })
}

function arrayStep({ client }: Stage, source: Source): Step {
  const { int, chance } = source.random
  const writes = Array.from({ length: int(1, 4) }, () => randomWrite(source))
  const fails = chance(0.25)
  return {
    name: `array${fails ? ', failing' : ''}: ${writes.map(spell).join('; ')}`,
    run: () =>
      settled(() => {
        const operations: unknown[] = [
          client.user.findUnique({ where: { id: 1 } }),
          ...writes.map((write) => perform(client, write)),
          client.post.findMany({ where: { authorId: 1 } }),
        ]
        if (fails) operations.push(client.$executeRaw`SELECT 1 / 0`)
        return client.$transaction(operations as ReturnType<typeof client.user.count>[])
      }),
  }
}

function rawStep({ client }: Stage, { random, keys }: Source): Step {
  const id = keys.user()
  return {
    name: `raw on user ${id}`,
    run: () =>
      settled(() =>
        random.pick([
          () => client.$executeRaw`UPDATE app_user SET name = 'raw' WHERE id = ${id}`,
          () =>
            client.$queryRaw`UPDATE blog_posts SET views = views + 1 WHERE author_id = ${id} RETURNING id`,
          () => client.$executeRaw(Prisma.sql`DELETE FROM blog_comments WHERE author_id = ${id}`),
          () => client.$queryRaw`SELECT * FROM app_user WHERE id = ${id} FOR UPDATE`,
          () =>
            client.$executeRawUnsafe('UPDATE app_user SET role = $1::user_role WHERE id = $2', 'GUEST', id),
        ])(),
      ),
  }
}

function invalidateStep({ cache, keyed }: Stage, { random, keys }: Source): Step {
  const request = random.pick([
    { tables: ['blog_posts'] },
    keyed ? { rows: [{ table: 'app_user', key: { id: keys.user() } }] } : { tables: ['app_user'] },
    { all: true } as const,
  ])
  return {
    name: `invalidate ${JSON.stringify(request)}`,
    run: () => settled(() => cache.invalidate(request)),
  }
}

/** True if it resolved, false if the database or the body refused. Anything else is a fault of the test. */
export async function settled(run: () => PromiseLike<unknown>): Promise<boolean> {
  try {
    await run()
    return true
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: unknown }
    if (error === UNDO || (typeof code === 'string' && /^P2/.test(code))) return false
    if (name === 'PrismaClientUnknownRequestError' || name === 'PrismaClientValidationError') return false
    throw error
  }
}

export function spell([model, operation, args]: Operation): string {
  const json = JSON.stringify(args, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
  return `${model}.${operation}(${json})`
}
