export type {
  Datamodel,
  DatamodelField,
  DatamodelModel,
  PrismaAction,
  RelationField,
  ScalarField,
} from './datamodel.ts'
export { type PrismaCacheOptions, prismaCache } from './extension.ts'
export type {
  CacheExtension,
  ClientCache,
  ModelInvalidateRequest,
  ModelName,
  ModelPolicies,
  RowOfModel,
  RowOfTable,
} from './extension-types.ts'
export { tablesOf } from './extras.ts'
export type { CallOptions, CallPolicy } from './policies.ts'
export { larderAdapter } from './watch/watch-client.ts'
