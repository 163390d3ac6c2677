/**
 * What the processes know of the tables' records under `push`. The server notifies every process of every change of a record,
 * and a process that is notified drops what it knows of the record. Each write changes it twice: with its mark and its finish.
 */
export interface Records {
  write(table: number, now: number): void
  /** The process has read the record. */
  learn(table: number, process: number, now: number): void
  /** The process has read the record since it last changed. */
  isKnown(table: number, process: number, now: number): boolean
}

/** @param statement seconds from the mark of a write to its finish. */
export function createRecords(processes: number, statement: number): Records {
  const changed = new Map<number, number>()
  const finishes = new Map<number, number[]>()
  const known = new Map<number, number>()
  const changedAt = (table: number, now: number): number => {
    const pending = finishes.get(table)
    let last = changed.get(table) ?? Number.NEGATIVE_INFINITY
    for (let next = pending?.[0]; next !== undefined && next <= now; next = pending?.[0]) {
      last = Math.max(last, next)
      pending?.shift()
    }
    changed.set(table, last)
    return last
  }
  return {
    write(table, now) {
      changedAt(table, now)
      changed.set(table, now)
      const pending = finishes.get(table)
      if (pending) pending.push(now + statement)
      else finishes.set(table, [now + statement])
    },
    learn: (table, process, now) => void known.set(table * processes + process, now),
    isKnown: (table, process, now) =>
      (known.get(table * processes + process) ?? Number.NEGATIVE_INFINITY) > changedAt(table, now),
  }
}
