/** Values shared by name for as long as somebody holds them. */
export interface Interned<V extends object> {
  /** The value of that name, or a new one that `make` returns. */
  get(name: string, make: () => V): V
  /** Names with a value, or with one that is about to be forgotten. For tests. */
  readonly size: number
}

/** Holds its values weakly: a value that only this registry refers to is collected, and its name with it. */
export function createInterned<V extends object>(): Interned<V> {
  const references = new Map<string, WeakRef<V>>()
  const collected = new FinalizationRegistry<string>((name) => {
    // The name may stand for a newer value by now.
    if (!references.get(name)?.deref()) references.delete(name)
  })
  return {
    get(name, make) {
      const existing = references.get(name)?.deref()
      if (existing) return existing
      const value = make()
      references.set(name, new WeakRef(value))
      collected.register(value, name)
      return value
    },
    get size() {
      return references.size
    },
  }
}
