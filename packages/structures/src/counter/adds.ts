/** Gathers the increments of this process: one call is in flight at a time, and the next takes all that came meanwhile. */
export interface Adds {
  /** Resolves when Valkey has acknowledged it. */
  add(id: string, by: number): Promise<void>
  /** Resolves when nothing is in flight; never rejects. */
  settled(): Promise<void>
}

interface Gathered {
  readonly deltas: Map<string, number>
  readonly sent: Promise<void>
}

export function createAdds(send: (deltas: ReadonlyMap<string, number>) => Promise<void>): Adds {
  let gathered: Gathered | undefined
  let last: Promise<void> = Promise.resolve()
  const begin = (): Gathered => {
    const deltas = new Map<string, number>()
    const sent = last.then(() => {
      gathered = undefined
      return send(deltas)
    })
    last = sent.catch(() => {})
    return { deltas, sent }
  }
  return {
    add(id, by) {
      gathered ??= begin()
      gathered.deltas.set(id, (gathered.deltas.get(id) ?? 0) + by)
      return gathered.sent
    },
    settled: () => last,
  }
}
