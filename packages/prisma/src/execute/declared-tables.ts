import { AsyncLocalStorage } from 'node:async_hooks'
import { CacheError } from '@larder/core'
import type { Change, Occurrence } from '@larder/core/host'
import type { CallPolicy } from '../policy/policies.ts'
import type { ModelMap } from '../schema/model.ts'
import { started } from '../transaction/statement-turn.ts'

/**
 * The tables that a caller declares for raw SQL. Errors are CacheErrors: `LARDER_CONFIG` for anything but an array of names,
 * `LARDER_UNKNOWN_TABLE` for an unknown name.
 */
export interface DeclaredTables {
  /** The tables of `$cached({ reads })`. Undefined: none are declared. */
  readBy(call: CallPolicy | undefined): readonly Occurrence[] | undefined
  /** The tables of `$cached({ writes })`. Undefined: none are declared. */
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
          '$cached({ reads: [] }) names no table, so no write would invalidate the result: name the tables that the statement reads',
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
 * Wraps a lazy promise of Prisma, so that its statement is sent in the context where `changes` are declared, and in the
 * same call in which the caller asks for its result.
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
