export type { ValkeyClient, ValkeyCluster } from './connection/client.ts'
export type { DnsLookup, NatMap, NodeAddress, ValkeyStoreOptions } from './connection/store-options.ts'
export { type ValkeyStore, valkeyStore } from './valkey-store.ts'
