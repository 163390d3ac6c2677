/** A client's events. One that was given to us belongs to somebody else. */
interface Emitter {
  on(event: string, listener: (subject: unknown) => void): unknown
  off(event: string, listener: (subject: unknown) => void): unknown
}

/** What a store does when its client emits an event, by the event's name. */
export type Handlers = Readonly<Record<string, (subject: unknown) => void>>

interface Heard {
  readonly listener: (subject: unknown) => void
  readonly handlers: Set<(subject: unknown) => void>
}

const clients = new WeakMap<object, Map<string, Heard>>()

/**
 * Adds handlers. Each client has one listener per event, however many stores use it: many listeners would make Node
 * warn of a leak. The last store that stops takes the listener away.
 * @returns a function that takes these handlers away.
 */
export function onEvents(client: Emitter, handlers: Handlers): () => void {
  const events = clients.get(client) ?? new Map<string, Heard>()
  clients.set(client, events)
  for (const [event, handler] of Object.entries(handlers))
    heardOf(client, events, event).handlers.add(handler)
  return () => {
    for (const [event, handler] of Object.entries(handlers)) {
      const heard = events.get(event)
      if (!heard?.handlers.delete(handler) || heard.handlers.size) continue
      events.delete(event)
      client.off(event, heard.listener)
    }
  }
}

function heardOf(client: Emitter, events: Map<string, Heard>, event: string): Heard {
  const found = events.get(event)
  if (found) return found
  const handlers = new Set<(subject: unknown) => void>()
  const listener = (subject: unknown): void => {
    // As the client itself does: whoever is added or taken away meanwhile does not matter to this event.
    for (const handler of [...handlers]) handler(subject)
  }
  const heard = { listener, handlers }
  events.set(event, heard)
  client.on(event, listener)
  return heard
}

const ignored = new WeakSet<object>()

/**
 * Keeps a client's last errors off the console, where they go when nobody listens. For clients of our own, and for those
 * that a Cluster makes for its nodes; added once, whoever asks.
 */
export function ignoreErrors(client: Emitter): void {
  if (ignored.has(client)) return
  ignored.add(client)
  client.on('error', () => {})
}
