import { LRUCache } from 'lru-cache'

/** What one client has derived from an entry of this process. It is lost with the entry. */
export interface ClientData {
  /** Stands for the client. Others never use this: another copy of this module may have made it, with other classes. */
  readonly client: object
  /** The value of the entry. Undefined: it is not kept. */
  decoded: unknown
  readonly next: ClientData | undefined
}

/** Keeps entries, and counts what is derived from them. */
export interface EntryHolder {
  /**
   * Counts what is derived from an entry. It is dropped where there is no room for it.
   * @param bytes of the heap that it takes, more than 0.
   * @returns false if it must not be kept.
   */
  charge(entry: LocalEntry, bytes: number): boolean
}

/** An entry in the memory of this process. */
export class LocalEntry {
  /** By client: there is rarely a second one. */
  derived: ClientData | undefined
  /** Undefined once it has been removed. */
  holder: EntryHolder | undefined
  /** Of all that is derived from it. */
  derivedBytes: number
  newer: LocalEntry
  older: LocalEntry

  constructor() {
    this.derived = undefined
    this.holder = undefined
    this.derivedBytes = 0
    this.newer = this
    this.older = this
  }
}

/** A longer run of bytes is kept as it is. */
const LONGEST_TEXT = 1_024

/** An entry that holds bytes. */
export class LocalBytes extends LocalEntry {
  /** Few bytes are kept as text of Latin-1: a buffer of its own takes 200 bytes besides. */
  private readonly content: string | Uint8Array

  /** @param bytes that nobody changes, with memory of their own if they are many. */
  constructor(bytes: Uint8Array) {
    super()
    const { buffer, byteOffset, length } = bytes
    this.content = length <= LONGEST_TEXT ? Buffer.from(buffer, byteOffset, length).toString('latin1') : bytes
  }

  get bytes(): Uint8Array {
    const { content } = this
    return typeof content === 'string' ? Buffer.from(content, 'latin1') : content
  }
}

/** What the bytes of an entry take of the heap: few have the head of a text besides, many a buffer of their own. */
export function sizeOfBytes(length: number): number {
  return length + (length <= LONGEST_TEXT ? 20 : 200)
}

/** What `client` has derived from an entry. */
export function clientDataOf(entry: LocalEntry, client: object): ClientData | undefined {
  let derived = entry.derived
  while (derived && derived.client !== client) derived = derived.next
  return derived
}

/** Entries of this process, and what is derived from them, under one bound. The least recently used go first. */
export interface LocalEntries<E extends LocalEntry> extends EntryHolder {
  get(name: string): E | undefined
  /** @param bytes of the heap that it takes. An entry larger than the bound is not kept. */
  set(name: string, entry: E, bytes: number): void
  delete(name: string): void
  clear(): void
}

/** As long as all that is derived takes more than this part of the bound, it makes room for entries. */
const SHARE = 0.25

export function createLocalEntries<E extends LocalEntry>(bounds: {
  readonly maxEntries: number
  readonly maxBytes: number
}): LocalEntries<E> {
  const { maxEntries, maxBytes } = bounds
  const share = maxBytes * SHARE
  // Entries from which something is derived form a ring: from `ring.older`, which was used last, to `ring.newer`.
  const ring = new LocalEntry()
  let derivedBytes = 0
  const release = (entry: LocalEntry): void => {
    entry.derived = undefined
    derivedBytes -= entry.derivedBytes
    entry.derivedBytes = 0
    unlink(entry)
  }
  // Without a bound on the number of keys, which would reserve memory for all of them: 1.3 MB and milliseconds for a cache.
  const entries = new LRUCache<string, E>({
    maxSize: maxBytes,
    dispose(entry) {
      entry.holder = undefined
      release(entry)
    },
  })
  const shrink = (): void => {
    while (entries.calculatedSize + derivedBytes > maxBytes)
      if (derivedBytes > share) release(ring.newer)
      else entries.pop()
  }
  const local: LocalEntries<E> = {
    get(name) {
      const entry = entries.get(name)
      if (entry && entry.derivedBytes > 0 && ring.older !== entry) {
        unlink(entry)
        linkBelow(ring, entry)
      }
      return entry
    },
    set(name, entry, bytes) {
      entries.set(name, entry, { size: bytes })
      if (bytes > maxBytes) return
      entry.holder = local
      if (entries.size > maxEntries) entries.pop()
      shrink()
    },
    delete: (name) => void entries.delete(name),
    clear: () => entries.clear(),
    charge(entry, bytes) {
      if (entry.holder !== local || bytes > share) return false
      if (entry.derivedBytes === 0) linkBelow(ring, entry)
      entry.derivedBytes += bytes
      derivedBytes += bytes
      shrink()
      return entry.derivedBytes > 0
    },
  }
  return local
}

function unlink(entry: LocalEntry): void {
  entry.newer.older = entry.older
  entry.older.newer = entry.newer
  entry.newer = entry
  entry.older = entry
}

function linkBelow(ring: LocalEntry, entry: LocalEntry): void {
  entry.newer = ring
  entry.older = ring.older
  ring.older.newer = entry
  ring.older = entry
}
