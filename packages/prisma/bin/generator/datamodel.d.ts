import type { DMMF } from '@prisma/generator-helper'
import type { Datamodel } from '../../src/schema/datamodel.ts'

export declare function toDatamodel(
  dmmf: DMMF.Document['datamodel'],
  datasource: { readonly provider: string; readonly activeProvider?: string } | undefined,
  source: string,
): Datamodel
