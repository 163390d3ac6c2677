import { CacheError } from '@larder/core'
import type { DbParts } from './parts.ts'
import { v0 } from './v0/v0.ts'
import { v1 } from './v1/v1.ts'
import type { Version } from './version.ts'

/** Told by what a db carries: a schema in 0.45, relations alone in 1.0. */
export function versionOf(db: DbParts): Version {
  if ('fullSchema' in db._) return v0
  if ('relations' in db._) return v1
  throw new CacheError(
    'LARDER_CONFIG',
    'drizzleCache cannot tell the version of drizzle-orm that made this db: 0.45 and 1.0 are supported',
  )
}
