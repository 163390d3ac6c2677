import type { StoreContext } from '@larder/core/store'

/** What the user should change, told once: to the caches that use the store, or to the process where there is none. */
export interface Warnings {
  tell(code: string, message: string): void
  /** A cache uses the store from now on. */
  open(context: StoreContext): void
  /** The store is used without a cache: whoever drives it hears process warnings. */
  alone(): void
}

export function createWarnings(): Warnings {
  const contexts: StoreContext[] = []
  const told = new Set<string>()
  let waiting: (() => void)[] | undefined = []

  const say = (code: string, message: string): void => {
    const name = `LARDER_${code.replaceAll('-', '_').toUpperCase()}`
    if (!contexts.length) process.emitWarning(message, { code: name })
    for (const { warn } of contexts) warn(code, message)
  }
  const release = (): void => {
    const all = waiting ?? []
    waiting = undefined
    for (const one of all) one()
  }
  return {
    tell(code, message) {
      if (told.has(message)) return
      told.add(message)
      if (waiting) waiting.push(() => say(code, message))
      else say(code, message)
    },
    open(context) {
      contexts.push(context)
      // Listeners are added to a cache after it was made.
      setImmediate(release)
    },
    alone() {
      if (!contexts.length) release()
    },
  }
}
