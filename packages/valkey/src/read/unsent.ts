import type { Fetched, TagRequest } from '@larder/core'

/** Fetches that were asked for in this turn of the event loop and are not sent yet. */
export interface Unsent {
  /**
   * The answer of an unsent fetch of the same, or of the one that `begin` asks for: it is of an instant after this
   * call, whoever asked first.
   * @param requests the same only if it is the same list: what is read again comes with the list of last time.
   */
  join(
    entry: string | undefined,
    requests: readonly TagRequest[],
    begin: () => Promise<Fetched>,
  ): Promise<Fetched>
  /** To be called before anything is sent: whoever comes later must not get an answer from before. */
  clear(): void
}

export function createUnsent(): Unsent {
  const unsent = new Map<readonly TagRequest[], { entry: string | undefined; answer: Promise<Fetched> }>()
  const clear = (): void => unsent.clear()
  return {
    join(entry, requests, begin) {
      const found = unsent.get(requests)
      if (found && found.entry === entry) return found.answer
      // What fails before anything is sent goes with its turn.
      if (unsent.size === 0) process.nextTick(clear)
      const answer = begin()
      unsent.set(requests, { entry, answer })
      return answer
    },
    clear,
  }
}
