export { cached } from './cached.ts'
export type { AnyDb, SchemaOf, TableName, TablePolicies } from './db-types.ts'
export type { CallOptions } from './declared.ts'
export { type DrizzleCacheOptions, drizzleCache } from './drizzle-cache.ts'
