export type {
  CacheExtension,
  ClientCache,
  ModelInvalidateRequest,
  ModelName,
  ModelPolicies,
  RowOfModel,
  RowOfTable,
} from './client/extension-types.ts'
export { tablesOf } from './client/extras.ts'
export type { CachedClient, CachedTransaction } from './client/helper-types.ts'
export { type PrismaCacheOptions, prismaCache } from './extension.ts'
export type { CallOptions, CallPolicy } from './policy/policies.ts'
export type {
  Datamodel,
  DatamodelField,
  DatamodelModel,
  PrismaAction,
  RelationField,
  ScalarField,
} from './schema/datamodel.ts'
export { larderAdapter } from './watch/watch-client.ts'
