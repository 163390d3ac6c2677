import { AsyncLocalStorage } from 'node:async_hooks'
import type { Transaction } from '@larder/core/host'

/** The writes that an operation has announced to the engine, before its statements are sent. */
export interface Announcement {
  readonly operation: string
  /** The tables that its statements write, in lower case, or the text of its raw SQL as each dialect may get it. */
  readonly writes: { readonly tables: ReadonlySet<string> } | { readonly texts: readonly string[] }
  /** How many writing statements the operation may still send. Undefined: no limit is known. */
  statementsLeft?: number
}

/** A statement that writes, as the driver gets it. */
export interface WritingStatement {
  readonly sql: string
  /** Undefined: its text does not show them. */
  readonly tables: readonly string[] | undefined
}

/** The operations of an array transaction. */
export interface ArrayOperations {
  readonly length: number
  /** True if the array also has operations that nobody announces. Then none of its statements counts as announced. */
  mixed(): boolean
}

/** A transaction that is to begin: Prisma sends the only operation of an array without beginning one. */
interface Starting {
  scope: Transaction | undefined
  readonly only: boolean
}

/** The operations under way on one client and all its extended forms, and what they have announced. */
export interface Announcements {
  /**
   * Runs an operation's query as announced.
   * @param scope of the outermost transaction it is in; undefined: it is in none.
   */
  during<T>(
    announcement: Announcement,
    scope: Transaction | 'unknown' | undefined,
    query: () => Promise<T>,
  ): Promise<T>
  /**
   * Begins a transaction whose scope is `scope`.
   * @param array of an array transaction.
   */
  beginning<T>(scope: Transaction, begin: () => T, array?: ArrayOperations): T
  /** The scope of the transaction that the driver begins in this call, once. Undefined: nobody has announced one. */
  takeBeginning(): Transaction | undefined
  /** The operation, in no transaction, whose statement the running code sends. */
  current(): Announcement | undefined
  /** The operations under way in a transaction. */
  inside(scope: Transaction): readonly Announcement[]
  /** Notes that the driver has rolled back the transaction of `scope`: no statement of it can take effect any more. */
  rolledBack(scope: Transaction): void
  isRolledBack(scope: Transaction): boolean
  /** Whether any operation under way has announced the statement. */
  anywhere(statement: WritingStatement): boolean
}

/** Attributes the statement to the first operation that has announced it. Returns false if none has. */
export function attribute(operations: Iterable<Announcement>, statement: WritingStatement): boolean {
  for (const announcement of operations) {
    if (announcement.statementsLeft === 0 || !announces(announcement, statement)) continue
    if (announcement.statementsLeft !== undefined) announcement.statementsLeft--
    return true
  }
  return false
}

function announces({ writes }: Announcement, { sql, tables }: WritingStatement): boolean {
  if ('texts' in writes) return writes.texts.includes(sql)
  return tables?.every((table) => writes.tables.has(table)) === true
}

export function createAnnouncements(): Announcements {
  const outside = new AsyncLocalStorage<Announcement | undefined>()
  const starting = new AsyncLocalStorage<Starting>()
  const all = new Set<Announcement>()
  const byScope = new WeakMap<Transaction, Set<Announcement>>()
  const arrays = new WeakMap<Transaction, ArrayOperations>()
  const rolledBack = new WeakSet<Transaction>()

  const during = async <T>(
    sets: readonly Set<Announcement>[],
    announcement: Announcement,
    sent: Promise<T>,
  ): Promise<T> => {
    for (const set of sets) set.add(announcement)
    try {
      return await sent
    } finally {
      for (const set of sets) set.delete(announcement)
    }
  }
  const inside = (scope: Transaction): readonly Announcement[] =>
    arrays.get(scope)?.mixed() ? [] : [...(byScope.get(scope) ?? [])]
  return {
    during(announcement, scope, query) {
      if (!scope) return during([all], announcement, outside.run(announcement, query))
      // Prisma sends what several operations of a transaction ask for in the context of the first of them.
      const sets = scope === 'unknown' ? [all] : [all, setOf(byScope, scope)]
      return during(sets, announcement, outside.run(undefined, query))
    },
    beginning(scope, begin, array) {
      if (array) arrays.set(scope, array)
      return starting.run({ scope, only: array?.length === 1 }, begin)
    },
    takeBeginning() {
      const start = starting.getStore()
      const scope = start?.scope
      // Another transaction that begins in its body is not this one.
      if (start) start.scope = undefined
      return scope
    },
    current() {
      const start = starting.getStore()
      return outside.getStore() ?? (start?.only && start.scope ? inside(start.scope)[0] : undefined)
    },
    inside,
    rolledBack: (scope) => void rolledBack.add(scope),
    isRolledBack: (scope) => rolledBack.has(scope),
    anywhere: (statement) => [...all].some((announcement) => announces(announcement, statement)),
  }
}

function setOf(sets: WeakMap<Transaction, Set<Announcement>>, scope: Transaction): Set<Announcement> {
  const set = sets.get(scope) ?? new Set()
  sets.set(scope, set)
  return set
}
