/** A client's events. The client may be the user's own. */
interface Emitter {
  on(event: string, listener: (subject: unknown) => void): unknown
  off(event: string, listener: (subject: unknown) => void): unknown
}

/** What a store does when its client emits an event, by the event's name. */
export type Handlers = Readonly<Record<string, (subject: unknown) => void>>

interface SharedListener {
  readonly listener: (subject: unknown) => void
  readonly handlers: Set<(subject: unknown) => void>
}

const clients = new WeakMap<object, Map<string, SharedListener>>()

/**
 * Adds handlers. Each client gets one listener per event, however many stores use it, because Node warns of a leak if there
 * are many. The listener is removed with its last handler.
 * @returns a function that removes these handlers.
 */
export function onEvents(client: Emitter, handlers: Handlers): () => void {
  const events = clients.get(client) ?? new Map<string, SharedListener>()
  clients.set(client, events)
  for (const [event, handler] of Object.entries(handlers))
    sharedListenerOf(client, events, event).handlers.add(handler)
  return () => {
    for (const [event, handler] of Object.entries(handlers)) {
      const shared = events.get(event)
      if (!shared?.handlers.delete(handler) || shared.handlers.size) continue
      events.delete(event)
      client.off(event, shared.listener)
    }
  }
}

function sharedListenerOf(
  client: Emitter,
  events: Map<string, SharedListener>,
  event: string,
): SharedListener {
  const existing = events.get(event)
  if (existing) return existing
  const handlers = new Set<(subject: unknown) => void>()
  const listener = (subject: unknown): void => {
    // As in an EventEmitter: handlers added or removed meanwhile do not affect this event.
    for (const handler of [...handlers]) handler(subject)
  }
  const shared = { listener, handlers }
  events.set(event, shared)
  client.on(event, listener)
  return shared
}

const ignored = new WeakSet<object>()

/**
 * Keeps a client's last errors off the console, where they go if nobody listens. For clients that the store made, and those
 * that a Cluster makes for its nodes. Adds one listener per client, however often it is called.
 */
export function ignoreErrors(client: Emitter): void {
  if (ignored.has(client)) return
  ignored.add(client)
  client.on('error', () => {})
}
