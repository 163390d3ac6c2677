/** Calls of one kind that have not ended. */
export interface OpenCalls {
  /** Notes a call until it ends. It must not reject. */
  add<T>(call: Promise<T>): Promise<T>
  /** Resolves when all calls that are open now have ended. */
  ended(): Promise<void>
}

export function createOpenCalls(): OpenCalls {
  const calls = new Set<Promise<unknown>>()
  return {
    add(call) {
      calls.add(call)
      void call.then(() => calls.delete(call))
      return call
    },
    async ended() {
      await Promise.all(calls)
    },
  }
}
