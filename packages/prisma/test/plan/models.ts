import { skip } from '@prisma/client/runtime/client'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { type ModelMap, modelMapOf } from '../../src/schema/model.ts'

/** The names of the repository's schema, with keys as the generator wrote them. */
export const models: ModelMap = modelMapOf(datamodel)

/** What an argument that refers to another column looks like: no plain object, as in Prisma's runtime. */
export class FieldRef {
  readonly modelName = 'Post'
  readonly name = 'authorId'
  readonly typeName = 'Int'
  readonly isList = false
}

export { skip }
