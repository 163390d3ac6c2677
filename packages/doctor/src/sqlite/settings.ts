import type { Catalogue } from '../catalogue.ts'
import type { Finding } from '../finding.ts'

/** Checks SQLite's pragmas as a new connection of the driver has them. Pure. */
export function sqliteSettings({ foreign_keys, driver }: Catalogue['settings']): readonly Finding[] {
  if (foreign_keys !== '0') return []
  return [
    {
      level: 'note',
      code: 'foreign-keys-off',
      subject: 'foreign_keys',
      message: `is off in new connections of ${driver}: declared cascades do not happen, and writes invalidate more than they need to`,
      fix: 'run PRAGMA foreign_keys = ON in every connection of the application, if foreign keys are intended',
    },
  ]
}
