/** Runs one load per flight name at a time; everybody else who asks meanwhile waits for it. */
export interface SingleFlight<T> {
  /**
   * @param name the entry's key with the nonces of all its tags: a read begun after a write never joins a load
   * begun before it.
   * @returns the load's outcome, and whether another caller started it.
   */
  join(name: string, load: () => Promise<T>): { readonly outcome: Promise<T>; readonly shared: boolean }
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>()
  return {
    join(name, load) {
      const running = flights.get(name)
      if (running) return { outcome: running, shared: true }
      const outcome = load().finally(() => flights.delete(name))
      flights.set(name, outcome)
      return { outcome, shared: false }
    },
  }
}
