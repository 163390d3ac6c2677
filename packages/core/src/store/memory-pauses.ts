import type { FleetPause } from './store.ts'

/** What a cache is told when the fleet is paused, or resumed (undefined). */
export type OnPause = (pause: FleetPause | undefined) => void

/** The pause of all caches of one memory store. */
export interface MemoryPauses {
  /** Pauses the caches, or ends their pause. All that follow are told before it returns. */
  set(pause: FleetPause | undefined): void
  /**
   * Tells a cache of the present pause, if there is one, and of every change. The listener is held weakly: a cache that is
   * dropped without being closed must not stay.
   * @returns a function that stops this.
   */
  follow(paused: OnPause): () => void
}

export function createMemoryPauses(): MemoryPauses {
  let current: FleetPause | undefined
  const followers = new Set<WeakRef<OnPause>>()
  return {
    set(pause) {
      if (pause?.reason === current?.reason) return
      current = pause
      for (const follower of [...followers]) follower.deref()?.(pause)
    },
    follow(paused) {
      for (const follower of followers) if (!follower.deref()) followers.delete(follower)
      const reference = new WeakRef(paused)
      followers.add(reference)
      if (current) paused(current)
      return () => followers.delete(reference)
    },
  }
}

/** The caches of one store object that want to know of pauses. */
export interface PauseFollowers {
  add(pauses: MemoryPauses, paused: OnPause): void
  stop(): void
}

/** Keeps the listeners, because {@link MemoryPauses} does not. */
export function createPauseFollowers(): PauseFollowers {
  const followers: { readonly paused: OnPause; readonly stop: () => void }[] = []
  return {
    add: (pauses, paused) => void followers.push({ paused, stop: pauses.follow(paused) }),
    stop() {
      for (const { stop } of followers.splice(0)) stop()
    },
  }
}
