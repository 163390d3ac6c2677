import { LRUCache } from 'lru-cache'

/** Named values of which only the clean ones may be evicted; losing one of those costs a miss. */
export interface Shelf<T> {
  get(name: string): T | undefined
  /** Files the value under clean or dirty, whichever it is now. */
  put(name: string, value: T): void
  delete(name: string): void
}

/** @param most clean values held at once; the least recently used goes first. Dirty ones are held whatever their number. */
export function createShelf<T extends object>(isDirty: (value: T) => boolean, most: number): Shelf<T> {
  // Counted as size, because a bound on the number of keys would claim memory for all of them at once.
  const clean = new LRUCache<string, T>({ maxSize: most, sizeCalculation: () => 1 })
  const dirty = new Map<string, T>()
  return {
    get: (name) => dirty.get(name) ?? clean.get(name),
    put(name, value) {
      if (isDirty(value)) {
        clean.delete(name)
        dirty.set(name, value)
      } else {
        dirty.delete(name)
        clean.set(name, value)
      }
    },
    delete(name) {
      dirty.delete(name)
      clean.delete(name)
    },
  }
}
