import type { Attempts } from '../connection/attempts.ts'
import type { ServerClient } from '../connection/client.ts'
import type { Failure } from '../connection/failure.ts'
import type { Batch, Command, Reply } from '../connection/send.ts'
import type { ClockOffset } from './server-clock.ts'

/** The incarnation that answers, and until when it is trusted if no other check passes. */
export interface TrustedIncarnation {
  readonly incarnation: string
  /** On the clock of `performance.now()`. */
  readonly until: number
}

/** Who a server says it is. */
export interface Identity {
  /** The name of its present incarnation. */
  readonly incarnation: string
  /** It knows no slots, so one command may name any of its keys. */
  readonly anyKeys: boolean
  readonly offset: ClockOffset
}

/** The incarnation that a request is sent to, and how many checks had begun by then. Valid for what is sent in the same turn. */
export interface TrustToken {
  /** Short name of the server's incarnation. Nonces of one server process, or of one line of replication, mean nothing to the next. */
  readonly incarnation: string
  /** One command may name any keys of this server: it knows no slots. */
  readonly anyKeys: boolean
  /** Of the server's clock, by the checks so far. */
  readonly offset: ClockOffset
  /** Grows whenever trust is lost. */
  readonly trustPeriod: number
  readonly checksBegun: number
}

/** One primary, with a connection of its own. Errors such as MOVED are returned to the caller. */
export interface ValkeyNode {
  /** `host:port`, for errors. */
  readonly name: string
  readonly client: ServerClient
  /** Counts its lost connections. */
  readonly attempts: Pick<Attempts, 'disconnects'>
  /**
   * Takes a token before commands are sent. Their replies count only if {@link confirm} accepts the token afterwards. A
   * server whose last check is old still gets a token: this process may have been too busy to read the next reply.
   * @throws CacheError with the reason, while the server is not trusted.
   */
  requireTrust(): TrustToken
  /**
   * Decides whether replies count, once they are here. Undefined: they do, because a check passed that was sent less than
   * two seconds ago. Otherwise resolves when a check has passed that was answered after them, with the time that check
   * was sent.
   * @throws CacheError, now or later, if the replies do not count.
   */
  confirm(token: TrustToken): Promise<number> | undefined
  /** Whether {@link requireTrust} would return a token. */
  trusted(): boolean
  /** The incarnation that answers, if a check passed that was sent less than two seconds ago. */
  trustedIncarnation(): TrustedIncarnation | undefined
  /** Sends commands in one packet with everything else that this turn of the event loop sends to this node. */
  send(batch: Batch): void
  /** Sends at once what this turn of the event loop was to send at its end. */
  flush(): void
  /** The same as `send`, with a promise of the replies. Errors of the server are among them. */
  ask(commands: readonly Command[]): Promise<readonly Reply[]>
  /** Ends trust in the node, and checks it again now. */
  suspect(error: unknown): void
  /** Resolves when the first attempt to connect has succeeded or failed; undefined after that. */
  opened(): Promise<void> | undefined
  /** Waits for a connection attempt in progress, then asks the server who it is. @throws CacheError */
  check(): Promise<void>
  /** Stops watching. The connection stays open. */
  stop(): void
}

/**
 * What happened. `came`, `gone`: a node was added or removed. `ready`: it is trusted for the first time or again, perhaps
 * in another incarnation. `lost`: its connection is closed or trust in it has ended. `moved`: slots may have other owners.
 */
export type TopologyChange =
  | { readonly kind: 'came' | 'gone' | 'ready' | 'lost'; readonly node: ValkeyNode }
  | { readonly kind: 'moved' }

/** The primaries behind a store: one, or those of a Cluster. */
export interface Topology {
  readonly clustered: boolean
  /** Where it is, for messages. */
  readonly address: string
  readonly failure: Failure
  /** The primary of the key's slot, as far as is known. @throws CacheError if there is none. */
  nodeOf(key: string): ValkeyNode
  nodes(): readonly ValkeyNode[]
  /** A primary by its address, as in `ASK 1 host:port`. */
  nodeAt(address: string): ValkeyNode | undefined
  /** Asks for the slots again soon. Does nothing without a Cluster. */
  refresh(): void
  /** Resolves when the first attempt to connect has succeeded or failed; undefined after that. */
  opened(): Promise<void> | undefined
  /** Asks every primary who it is. @throws CacheError for the first that cannot be used. */
  check(): Promise<void>
  /** @returns a function that removes the listener. Listeners must not throw. */
  onChange(listener: (change: TopologyChange) => void): () => void
  /** Closes the connections that the store opened. */
  close(): void
}

/** What the rest of the store does for each node of a topology. */
export interface NodeHooks {
  /** Sends what a node must know before it is trusted. */
  beforeTrust(node: ValkeyNode): Promise<void>
  /** Asks a node who it is. `again`: this process was connected to it before, and lost it. */
  identify(node: ValkeyNode, again: boolean): Promise<Identity>
  /** Called before anything is sent to any node. */
  beforeSend(): void
}
