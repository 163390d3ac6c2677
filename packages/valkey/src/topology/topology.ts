import type { ValkeyClient } from '../connection/client.ts'
import type { Failure } from '../connection/failure.ts'
import type { Answer, Order, Words } from '../connection/send.ts'

/** Who answers, and until when that is believed if nobody asks again. */
export interface Belief {
  /** The incarnation. */
  readonly life: string
  /** As `performance.now()` tells the time. */
  readonly until: number
}

/** Who a server says it is. */
export interface Identity {
  /** The name of its present incarnation. */
  readonly life: string
  /** It knows no slots, so one command may name any of its keys. */
  readonly anyKeys: boolean
}

/** In which life of a server a question was asked, and how many checks had begun. Valid for what is sent at once. */
export interface Claim {
  /**
   * Short name of the server's life: nonces of one server process, or of one line of replication, mean nothing to the
   * next.
   */
  readonly life: string
  /** One command may name any keys of this server: it knows no slots. */
  readonly anyKeys: boolean
  /** Grows whenever trust is lost. */
  readonly reign: number
  readonly checks: number
}

/** One primary, with a connection of its own. Errors such as MOVED come back to whoever sent the command. */
export interface ValkeyNode {
  /** `host:port`, for errors. */
  readonly name: string
  readonly client: ValkeyClient
  /** Grows with every connection lost. */
  readonly losses: number
  /**
   * Taken before questions are sent: their answers count if it is confirmed then. A server whose last check is old may
   * be asked: this process, not the server, may have been too busy to hear of the next.
   * @throws CacheError while the server is not believed, and why.
   */
  claim(): Claim
  /**
   * To be asked when answers are here. Undefined: a check that was sent less than two seconds ago vouches for them.
   * Else resolves, with the time it was sent, when a check has passed that the server answered after them.
   * @throws CacheError, at once or later, when they do not count.
   */
  confirm(claim: Claim): Promise<number> | undefined
  /** Whether there is something to {@link claim}. */
  trusted(): boolean
  /** Who answers, by a check sent less than two seconds ago; undefined without one. */
  belief(): Belief | undefined
  /** Sends commands with whatever else this turn of the event loop sends to this node, in one packet. */
  send(order: Order): void
  /** The same for one who waits. Errors of the server are among the answers. */
  ask(commands: readonly Words[]): Promise<readonly Answer[]>
  /** Not to be trusted until it is asked again, which is done now. */
  doubt(error: unknown): void
  /** Resolves once the first attempt to connect has ended, whichever way; undefined after that. */
  opened(): Promise<void> | undefined
  /** Asks now who it is. Waits for the connection attempt under way, if there is one. @throws CacheError */
  check(): Promise<void>
  /** Leaves the connection to its owner. */
  stop(): void
}

/**
 * What happened: a node `came` or is `gone`; it is `ready`, trusted for the first time or again (perhaps in another
 * life); it is `lost`, its connection closed or its answers not to be trusted; `moved`: slots may have other owners.
 */
export type TopologyChange =
  | { readonly kind: 'came' | 'gone' | 'ready' | 'lost'; readonly node: ValkeyNode }
  | { readonly kind: 'moved' }

/** The primaries behind a store: one, or those of a Cluster. */
export interface Topology {
  readonly clustered: boolean
  /** Where it is, for people. */
  readonly address: string
  readonly failure: Failure
  /** The primary that has the key's slot, as far as is known. @throws CacheError when there is none. */
  nodeOf(key: string): ValkeyNode
  nodes(): readonly ValkeyNode[]
  /** A primary by its address, as in `ASK 1 host:port`. */
  nodeAt(address: string): ValkeyNode | undefined
  /** Asks for the slots again, soon. Nothing to do without a Cluster. */
  refresh(): void
  /** Resolves once the first attempt to connect has ended, whichever way; undefined after that. */
  opened(): Promise<void> | undefined
  /** Asks every primary who it is. @throws CacheError of the first that cannot be used. */
  check(): Promise<void>
  /** @returns a function that removes the listener. Listeners must not throw. */
  onChange(listener: (change: TopologyChange) => void): () => void
  /** Ends the connections that are the store's own. */
  close(): void
}

/** What a topology asks of the rest of the store for each of its nodes. */
export interface NodeDuties {
  /** What must be told to a node before it is believed (again). */
  beforeTrust(node: ValkeyNode): Promise<void>
  /** Asks a node who it is. `again`: this process was connected to it before, and lost it. */
  identify(node: ValkeyNode, again: boolean): Promise<Identity>
  /** Something is about to be sent to some node. */
  sending(): void
}
