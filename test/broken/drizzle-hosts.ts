import type { Cache } from '@larder/core'
import type {
  Change,
  Engine,
  Host,
  Occurrence,
  ReadPlan,
  ResultDependency,
  Table,
  WritePlan,
} from '@larder/core/host'

/** What a host gets wrong. The parts left out work. */
interface Fault {
  readonly occurrences?: (given: readonly Occurrence[]) => readonly Occurrence[]
  readonly changes?: (given: readonly Change[], inTransaction: boolean) => readonly Change[]
  readonly returned?: (result: unknown) => readonly Readonly<Record<string, unknown>>[]
  readonly table?: (given: Table) => Table
}

/** Wraps a cache so that its host makes one mistake each time. */
const over =
  ({ occurrences = same, changes = same, returned, table = same }: Fault) =>
  (cache: Cache): Cache => ({
    ...cache,
    attach(host: Host): Engine {
      const tables = new Map([...host.schema.tables].map(([name, one]) => [name, table(one)]))
      const engine = cache.attach({ ...host, schema: { tables } })
      return {
        ...engine,
        read: <T>(plan: ReadPlan<T>) => engine.read({ ...plan, occurrences: occurrences(plan.occurrences) }),
        write: <T>(plan: WritePlan<T>, transaction?: Parameters<Engine['write']>[1]) =>
          engine.write(
            {
              ...plan,
              changes: changes(plan.changes, transaction !== undefined),
              ...(returned && plan.returned && { returned }),
            },
            transaction,
          ),
      }
    },
  })

/** Wraps a cache so that its host misreads result dependencies. */
const learning = (wrong: (given: ResultDependency) => ResultDependency) =>
  over({
    occurrences: (given) =>
      given.map((one) =>
        one.resultDependency ? { ...one, resultDependency: wrong(one.resultDependency) } : one,
      ),
  })

function same<T>(given: T): T {
  return given
}

/** Hosts with one mistake each. The walk must catch every one. */
export const BROKEN: Readonly<Record<string, (cache: Cache) => Cache>> = {
  'reads that omit the last of several tables': over({
    occurrences: (given) => (given.length > 1 ? given.slice(0, -1) : given),
  }),
  'inserts that invalidate no row': over({
    changes: (given) => given.filter(({ effect }) => effect !== 'insert'),
  }),
  'updates that ignore moved rows': over({
    changes: (given) => given.map((one) => (one.effect === 'update' ? { ...one, sets: {} } : one)),
  }),
  'transactions that invalidate nothing': over({
    changes: (given, inTransaction) => (inTransaction ? [] : given),
  }),
  'a schema without referential actions': over({
    table: (given) => ({
      ...given,
      foreignKeys: given.foreignKeys.map((key) => ({ ...key, onDelete: 'no-action', onUpdate: 'no-action' })),
    }),
  }),
  'a view that declares no reads': over({ table: (given) => ({ ...given, reads: [] }) }),
  // The walk needs more steps to catch these.
  'reads that treat every row as found': over({
    occurrences: (given) =>
      given.map((one) => ({
        ...one,
        rows: () => Object.values(one.pins ?? {}).reduce((n, { length }) => n * length, 1),
      })),
  }),
  'upserts that are treated as inserts': over({
    changes: (given) => given.map((one) => (one.effect === 'upsert' ? { ...one, effect: 'insert' } : one)),
  }),
  'writes of unknown rows that declare them': over({
    changes: (given) =>
      given.map((one) =>
        one.effect === 'insert' ? one : { ...one, before: { id: [1] }, sets: one.sets ?? {} },
      ),
  }),
  'results that omit the dependency on a missing row': learning((given) => ({
    ...given,
    values: (result) => given.values(result) ?? [],
  })),
  'results that omit the dependency on the first row': learning((given) => ({
    ...given,
    values: (result) => given.values(result)?.slice(1),
  })),
}
