import type { SQL } from 'drizzle-orm'
import { createObjectMetadata, type ObjectMetadata } from '../base/object-metadata.ts'
import type { BuilderConfig } from '../versions/builder-config.ts'

/** The config that each SQL object was built from, kept as long as the object. */
export type SqlConfigs = ObjectMetadata<SQL, BuilderConfig>

export function createSqlConfigs(): SqlConfigs {
  return createObjectMetadata()
}
