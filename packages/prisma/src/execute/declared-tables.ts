import { AsyncLocalStorage } from 'node:async_hooks'
import { CacheError } from '@larder/core'
import type { Change, Occurrence } from '@larder/core/host'
import type { CallPolicy } from '../policy/policies.ts'
import type { ModelMap } from '../schema/model.ts'
import { started } from '../transaction/statement-turn.ts'

/**
 * Tables that raw SQL is said to read and write, in place of what its text cannot tell. Errors are CacheErrors:
 * `LARDER_CONFIG` for what is no array of names, `LARDER_UNKNOWN_TABLE` for a name nobody knows.
 */
export interface DeclaredTables {
  /** What `$cached({ reads })` says; undefined where it does not. */
  readBy(call: CallPolicy | undefined): readonly Occurrence[] | undefined
  /** What `$cached({ writes })` says; undefined where it does not. */
  writtenBy(call: CallPolicy | undefined): readonly Change[] | undefined
  /** A client of a transaction whose raw statements write these tables; everything else is the client's own. */
  over(client: object, changes: readonly Change[]): object
  /** The writes declared for the statement that the running code sends; undefined: nothing. */
  writtenNow(): readonly Change[] | undefined
}

const RAW: ReadonlySet<unknown> = new Set([
  '$queryRaw',
  '$queryRawUnsafe',
  '$queryRawTyped',
  '$executeRaw',
  '$executeRawUnsafe',
])

/** @param tables every table of the client, join tables included. */
export function declaredTables(models: ModelMap, tables: ReadonlySet<string>): DeclaredTables {
  const running = new AsyncLocalStorage<readonly Change[]>()
  const tableOf = (option: string, name: string): string => {
    if (models.has(name)) return models.table(name)
    const bare = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
    if (tables.has(bare)) return bare
    throw new CacheError(
      'LARDER_UNKNOWN_TABLE',
      `$cached({ ${option} }) names '${name}', which is no model and no table: there are ${models.names.join(', ')}`,
    )
  }
  const named = (option: 'reads' | 'writes', call: CallPolicy | undefined): readonly string[] | undefined => {
    const names: unknown = call ? call[option] : undefined
    if (names === undefined) return undefined
    if (Array.isArray(names) && names.every((name) => typeof name === 'string'))
      return names.map((name) => tableOf(option, name))
    throw new CacheError(
      'LARDER_CONFIG',
      `$cached({ ${option} }) takes an array of models, such as { ${option}: ['Product'] }; not ${String(names)}`,
    )
  }
  return {
    readBy(call) {
      const tables = named('reads', call)
      if (tables?.length === 0)
        throw new CacheError(
          'LARDER_CONFIG',
          '$cached({ reads: [] }) names no table, so no write would end what is cached: name the tables that the statement reads',
        )
      return tables?.map((table) => ({ table }))
    },
    writtenBy: (call) => named('writes', call)?.map((table) => ({ table, effect: 'unknown' })),
    over: (client, changes) => over(running, client, changes),
    writtenNow: () => running.getStore(),
  }
}

function over(
  running: AsyncLocalStorage<readonly Change[]>,
  client: object,
  changes: readonly Change[],
): object {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      // In its savepoints, too.
      if (name === '$transaction')
        return (body: unknown, ...options: unknown[]) =>
          value.call(
            target,
            typeof body === 'function' ? (tx: object) => body(over(running, tx, changes)) : body,
            ...options,
          )
      if (!RAW.has(name)) return value
      return (...args: unknown[]) => sentIn(running, changes, value.apply(target, args))
    },
  })
}

/**
 * The same promise of Prisma's, which sends nothing before it is asked for its result: it is asked in the context where
 * `changes` are declared, in the very call that asks.
 */
function sentIn<T extends PrismaPromise>(
  running: AsyncLocalStorage<readonly Change[]>,
  changes: readonly Change[],
  promise: T,
): T {
  let sent: Promise<unknown> | undefined
  const send = (): Promise<unknown> => {
    sent ??= running.run(changes, () => started(promise))
    return sent
  }
  return new Proxy(promise, {
    get(target, name) {
      if (name === 'then') return (...on: Parameters<PromiseLike<unknown>['then']>) => send().then(...on)
      if (name === 'catch') return (on: (error: unknown) => unknown) => send().catch(on)
      if (name === 'finally') return (on: () => void) => send().finally(on)
      const value: unknown = Reflect.get(target, name, target)
      if (name !== 'requestTransaction' || typeof value !== 'function') return value
      return (transaction: unknown) =>
        running.run(changes, () => started(value.call(target, transaction) as PromiseLike<unknown>))
    },
  })
}

type PrismaPromise = PromiseLike<unknown>
