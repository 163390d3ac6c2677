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
export type { CallPolicy } from './policies.ts'
