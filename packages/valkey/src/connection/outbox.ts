import type { ValkeyClient } from './client.ts'
import { type Answer, type Order, send, type Words } from './send.ts'

/** Gathers what one turn of the event loop sends to one server into one packet. */
export interface Outbox {
  send(order: Order): void
  ask(commands: readonly Words[]): Promise<readonly Answer[]>
}

/**
 * @param why the reason behind an error, where one is known.
 * @param sending is called before each packet.
 */
export function createOutbox(
  client: ValkeyClient,
  why: (error: Error) => Error,
  sending: () => void,
): Outbox {
  let orders: Order[] = []
  const flush = (): void => {
    const all = orders
    orders = []
    sending()
    send(client, all, why)
  }
  const add = (order: Order): void => {
    // After all microtasks: answers that came in one packet send their next questions in one packet, too.
    if (orders.push(order) === 1) process.nextTick(flush)
  }
  return { send: add, ask: (commands) => new Promise((done) => add({ commands: () => commands, done })) }
}
