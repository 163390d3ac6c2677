import type { StoreContext } from '@larder/core/store'

/** Emits each warning once, to the caches that use the store, or as a process warning if there is none. */
export interface Warnings {
  warn(code: string, message: string): void
  /** Registers a cache that uses the store. */
  open(context: StoreContext): void
  /** Emits held warnings as process warnings: the store is used without a cache. */
  usedWithoutCache(): void
}

export function createWarnings(): Warnings {
  const contexts: StoreContext[] = []
  const warned = new Set<string>()
  let delayed: (() => void)[] | undefined = []

  const emit = (code: string, message: string): void => {
    const name = `LARDER_${code.replaceAll('-', '_').toUpperCase()}`
    if (!contexts.length) process.emitWarning(message, { code: name })
    for (const { warn } of contexts) warn(code, message)
  }
  const release = (): void => {
    const all = delayed ?? []
    delayed = undefined
    for (const emitHeld of all) emitHeld()
  }
  return {
    warn(code, message) {
      if (warned.has(message)) return
      warned.add(message)
      if (delayed) delayed.push(() => emit(code, message))
      else emit(code, message)
    },
    open(context) {
      contexts.push(context)
      // Warnings are held until then, because listeners are added to a cache after it was made.
      setImmediate(release)
    },
    usedWithoutCache() {
      if (!contexts.length) release()
    },
  }
}
