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
      const tables = new Map([...host.schema.tables].map(([name, definition]) => [name, table(definition)]))
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
const learning = (wrong: (dependency: ResultDependency) => ResultDependency) =>
  over({
    occurrences: (occurrences) =>
      occurrences.map((occurrence) =>
        occurrence.resultDependency
          ? { ...occurrence, resultDependency: wrong(occurrence.resultDependency) }
          : occurrence,
      ),
  })

function same<T>(value: T): T {
  return value
}

/** Hosts with one mistake each. The walk must catch every one. */
export const BROKEN: Readonly<Record<string, (cache: Cache) => Cache>> = {
  'reads that omit the last of several tables': over({
    occurrences: (occurrences) => (occurrences.length > 1 ? occurrences.slice(0, -1) : occurrences),
  }),
  'inserts that invalidate no row': over({
    changes: (changes) => changes.filter(({ effect }) => effect !== 'insert'),
  }),
  'updates that ignore moved rows': over({
    changes: (changes) =>
      changes.map((change) => (change.effect === 'update' ? { ...change, sets: {} } : change)),
  }),
  'transactions that invalidate nothing': over({
    changes: (changes, inTransaction) => (inTransaction ? [] : changes),
  }),
  'a schema without referential actions': over({
    table: (table) => ({
      ...table,
      foreignKeys: table.foreignKeys.map((key) => ({ ...key, onDelete: 'no-action', onUpdate: 'no-action' })),
    }),
  }),
  'a view that declares no reads': over({ table: (table) => ({ ...table, reads: [] }) }),
  // The walk needs more steps to catch these.
  'reads that treat every row as found': over({
    occurrences: (occurrences) =>
      occurrences.map((occurrence) => ({
        ...occurrence,
        rows: () => Object.values(occurrence.pins ?? {}).reduce((n, { length }) => n * length, 1),
      })),
  }),
  'upserts that are treated as inserts': over({
    changes: (changes) =>
      changes.map((change) => (change.effect === 'upsert' ? { ...change, effect: 'insert' } : change)),
  }),
  'writes of unknown rows that declare them': over({
    changes: (changes) =>
      changes.map((change) =>
        change.effect === 'insert' ? change : { ...change, before: { id: [1] }, sets: change.sets ?? {} },
      ),
  }),
  'results that omit the dependency on a missing row': learning((dependency) => ({
    ...dependency,
    values: (result) => dependency.values(result) ?? [],
  })),
  'results that omit the dependency on the first row': learning((dependency) => ({
    ...dependency,
    values: (result) => dependency.values(result)?.slice(1),
  })),
}
