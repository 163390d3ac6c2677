export type { ValkeyClient } from './connection/client.ts'
export type { ValkeyStoreOptions } from './connection/options.ts'
export { type ValkeyStore, valkeyStore } from './valkey-store.ts'
