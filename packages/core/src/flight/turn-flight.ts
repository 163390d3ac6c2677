/** Collects callers of one name for as long as nothing has begun: until the end of this turn of the event loop. */
export interface TurnFlight<T> {
  /**
   * `load` of the first caller is run when the turn ends, and told how many others wait for it. Nobody joins it after
   * that: what it finds is of an instant after each caller's call.
   * @returns its outcome, and whether another caller's load is run.
   */
  join(
    name: string,
    load: (others: number) => Promise<T>,
  ): { readonly outcome: Promise<T>; readonly shared: boolean }
}

interface Gathering<T> {
  readonly outcome: Promise<T>
  others: number
}

export function createTurnFlight<T>(): TurnFlight<T> {
  const gathering = new Map<string, Gathering<T>>()
  return {
    join(name, load) {
      const found = gathering.get(name)
      if (found) {
        found.others++
        return { outcome: found.outcome, shared: true }
      }
      const outcome = new Promise<T>((resolve, reject) => {
        process.nextTick(() => {
          gathering.delete(name)
          load(one.others).then(resolve, reject)
        })
      })
      const one: Gathering<T> = { outcome, others: 0 }
      gathering.set(name, one)
      return { outcome, shared: false }
    },
  }
}
