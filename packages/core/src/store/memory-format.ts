/**
 * Counts up with every change of `MemoryState`, of the requests it takes, of the names of tags, and of what entry keys and
 * nonces mean. Copies of this module with another number cannot share a memory store.
 */
export const MEMORY_FORMAT = 'v5'
