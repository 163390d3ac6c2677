import { AsyncResource } from 'node:async_hooks'

/** The place of one statement in the order in which the statements of its connection were called. */
export interface Turn {
  /**
   * Sends the statement when everything called before it has been sent: synchronously, if that is so already. Call it
   * once. Settles as `run` does.
   */
  send<T>(run: () => Promise<T>): Promise<T>
  /** Gives the place up: the statement will not be sent. Does nothing after `send`. */
  leave(): void
}

/**
 * Keeps the statements of one connection in the order in which they were called, although some have to wait for the
 * store before they may be sent. Where nothing waits it adds no delay, not even a microtask.
 */
export interface StatementOrder {
  /** Takes the next place. Call it synchronously, in the call that asked for the statement. */
  enter(): Turn
  /** Resolves when all statements entered so far have been sent or have left. Undefined: that is so already. */
  sent(): Promise<void> | undefined
}

interface Place {
  /** Sends the statement. Undefined until it is ready to go. */
  start: (() => void) | undefined
  left: boolean
  /** True once the call that took the place is over. */
  late: boolean
}

/**
 * Microtasks between a statement that was sent late and the next one. Drivers take some for themselves, and not the same
 * number for all: postgres-js hands a query on later than a BEGIN that it was given after it.
 */
const REST = 4

/**
 * @example
 * const order = createStatementOrder()
 * const turn = order.enter()
 * await mark()
 * await turn.send(() => client.query('update …'))
 */
export function createStatementOrder(): StatementOrder {
  const waiting: Place[] = []
  let resting = false

  const rest = (microtasks = REST): void => {
    resting = microtasks > 0
    if (resting) queueMicrotask(() => rest(microtasks - 1))
    else advance()
  }
  const advance = (): void => {
    while (!resting) {
      const first = waiting[0]
      if (!first?.start && !first?.left) return
      waiting.shift()
      if (!first.start) continue
      first.start()
      rest()
    }
  }
  const enter = (): Turn => {
    const place: Place = { start: undefined, left: false, late: false }
    waiting.push(place)
    queueMicrotask(() => {
      place.late = true
    })
    return {
      send(run) {
        if (waiting[0] === place && !resting) {
          waiting.shift()
          const sent = started(run)
          if (place.late || waiting.length) rest()
          return sent
        }
        // What starts it later is another statement's call: it must keep the context of its own.
        const bound = AsyncResource.bind(() => started(run))
        return new Promise((resolve) => {
          place.start = () => resolve(bound())
        })
      },
      leave() {
        place.left = true
        advance()
      },
    }
  }
  return {
    enter,
    sent: () => (waiting.length || resting ? enter().send(async () => {}) : undefined),
  }
}

function started<T>(run: () => Promise<T>): Promise<T> {
  try {
    return run()
  } catch (error) {
    return Promise.reject(error)
  }
}
