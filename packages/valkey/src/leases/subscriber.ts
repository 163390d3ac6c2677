import type { LeaseMessages } from '@larder/core/store'
import type { SubscriberClient } from '../connection/client.ts'
import { createPauses } from '../connection/pauses.ts'
import { subscriberClientOf } from '../connection/subscriber-client.ts'
import { isRefused } from '../feed/tracking.ts'
import type { Topology, ValkeyNode } from '../topology/topology.ts'

/** Receives messages over a connection of its own, which is opened when somebody first waits for one. */
export interface Subscriber {
  /** Calls `listener` for every message on the channel, until it is stopped. */
  subscribe(channel: string, listener: (message: string) => void): LeaseMessages
  close(): void
}

interface Channel {
  readonly listeners: Set<(message: string) => void>
  /** Resolves when the server has acknowledged the subscription, and rejects if it never will. */
  readonly ready: PromiseWithResolvers<void>
}

interface Connected {
  readonly node: ValkeyNode
  readonly client: SubscriberClient
  ready: boolean
}

/**
 * One connection to any primary: in a Cluster every node passes on every message. A message that is sent while the
 * connection is lost does not arrive.
 * @param onRefused called for each answer of the server that refuses a subscription.
 */
export function createSubscriber(topology: Topology, onRefused: (error: unknown) => void): Subscriber {
  const channels = new Map<string, Channel>()
  let connected: Connected | undefined
  let closed = false

  const listen = async (client: SubscriberClient, names: readonly string[]): Promise<void> => {
    if (!names.length) return
    const all = names.flatMap((name) => channels.get(name)?.ready ?? [])
    try {
      await client.subscribe(...names)
      for (const { resolve } of all) resolve()
    } catch (error) {
      // A lost connection is replaced, and listens again then.
      if (!isRefused(error)) return
      onRefused(error)
      for (const { reject } of all) reject(error)
    }
  }
  const deliver = (channel: string, message: string): void => {
    for (const listener of [...(channels.get(channel)?.listeners ?? [])]) listener(message)
  }
  const connect = (): void => {
    const [first] = topology.nodes()
    const node = topology.nodes().find((candidate) => candidate.trusted()) ?? first
    if (connected || closed || !node) return
    connected = connectTo(node, (client) => void listen(client, [...channels.keys()]), deliver)
  }
  const disconnect = (): void => {
    connected?.client.disconnect()
    connected = undefined
  }
  const end = topology.onChange((change) => {
    if (change.kind !== 'gone' || change.node !== connected?.node) return
    disconnect()
    if (channels.size) connect()
  })
  const join = (name: string): Channel => {
    const existing = channels.get(name)
    if (existing) return existing
    const channel: Channel = { listeners: new Set(), ready: Promise.withResolvers() }
    // Nobody has to wait for it.
    channel.ready.promise.catch(() => {})
    channels.set(name, channel)
    connect()
    if (connected?.ready) void listen(connected.client, [name])
    return channel
  }
  return {
    subscribe(name, listener) {
      const channel = join(name)
      channel.listeners.add(listener)
      return {
        ready: channel.ready.promise,
        stop() {
          channel.listeners.delete(listener)
          if (channel.listeners.size || channels.get(name) !== channel) return
          channels.delete(name)
          if (connected?.ready) connected.client.unsubscribe(name).catch(() => {})
        },
      }
    },
    close() {
      closed = true
      end()
      channels.clear()
      disconnect()
    },
  }
}

function connectTo(
  node: ValkeyNode,
  onReady: (client: SubscriberClient) => void,
  onMessage: (channel: string, message: string) => void,
): Connected {
  const pauses = createPauses()
  const client = subscriberClientOf(node.client, pauses, 'larder-leases')
  const connected: Connected = { node, client, ready: false }
  client.on('ready', () => {
    pauses.connectionServed()
    connected.ready = true
    onReady(client)
  })
  client.on('close', () => {
    connected.ready = false
  })
  client.on('error', () => {})
  client.on('message', onMessage)
  void client.connect().catch(() => {})
  return connected
}
