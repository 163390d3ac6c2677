import { AsyncLocalStorage } from 'node:async_hooks'
import { CacheError, type Change } from '@larder/core'
import type { ModelMap } from './model.ts'
import type { CallPolicy } from './policies.ts'

/** Tables that raw SQL is said to write, in place of what its text cannot tell. */
export interface DeclaredWrites {
  /**
   * What `$cached({ writes })` says; undefined where it does not.
   * @throws CacheError `LARDER_CONFIG` for what is no array of names, `LARDER_UNKNOWN_TABLE` for a name nobody knows.
   */
  by(call: CallPolicy | undefined): readonly Change[] | undefined
  /** A client of a transaction whose raw statements write these tables; everything else is the client's own. */
  over(client: object, changes: readonly Change[]): object
  /** What is declared for the statement that the running code sends; undefined: nothing. */
  current(): readonly Change[] | undefined
}

const RAW: ReadonlySet<unknown> = new Set([
  '$queryRaw',
  '$queryRawUnsafe',
  '$queryRawTyped',
  '$executeRaw',
  '$executeRawUnsafe',
])

/** @param tables every table of the client, join tables included. */
export function declaredWrites(models: ModelMap, tables: ReadonlySet<string>): DeclaredWrites {
  const running = new AsyncLocalStorage<readonly Change[]>()
  const tableOf = (name: string): string => {
    if (models.has(name)) return models.table(name)
    const bare = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
    if (tables.has(bare)) return bare
    throw new CacheError(
      'LARDER_UNKNOWN_TABLE',
      `$cached({ writes }) names '${name}', which is no model and no table: there are ${[...models.names].join(', ')}`,
    )
  }
  return {
    by(call) {
      const names: unknown = call ? call.writes : undefined
      if (names === undefined) return undefined
      if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
        throw new CacheError(
          'LARDER_CONFIG',
          `$cached({ writes }) takes an array of models, such as { writes: ['Product'] }; not ${String(names)}`,
        )
      return names.map((name) => ({ table: tableOf(name), effect: 'unknown' }))
    },
    over: (client, changes) =>
      new Proxy(client, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target)
          if (!RAW.has(name) || typeof value !== 'function') return value
          // Prisma sends nothing before it is awaited: it is awaited in here.
          return (...args: unknown[]) => running.run(changes, async () => await value.apply(target, args))
        },
      }),
    current: () => running.getStore(),
  }
}
