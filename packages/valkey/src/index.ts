export type { ValkeyClient } from './client.ts'
export type { ValkeyStoreOptions } from './options.ts'
export { type ValkeyStore, valkeyStore } from './valkey-store.ts'
