import type { Fetched, TagRequest } from '@larder/core/store'

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

type Asked = Map<readonly TagRequest[], { entry: string | undefined; answer: Promise<Fetched> }>

export function createUnsent(): Unsent {
  let unsent: Asked = new Map()
  const clear = (): void => {
    // Not emptied but left behind: the engine chains the tables of a map that is emptied again and again, and one of
    // them grown old keeps all later ones, with every answer in them, from being collected.
    if (unsent.size) unsent = new Map()
  }
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
