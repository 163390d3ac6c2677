import { CacheError } from '@larder/core'
import type { DbParts } from './parts.ts'
import { v0 } from './v0/v0.ts'
import { v1 } from './v1/v1.ts'
import type { Version } from './version.ts'

/**
 * The version of Drizzle that created a db. A db of 0.45 has a schema, one of 1.0 only relations.
 * @throws CacheError for any other db.
 */
export function versionOf(db: DbParts): Version {
  if ('fullSchema' in db._) return v0
  if ('relations' in db._) return v1
  throw new CacheError(
    'LARDER_CONFIG',
    'drizzleCache does not know the version of drizzle-orm that created this db: 0.45 and 1.0 are supported',
  )
}
