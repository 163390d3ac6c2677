import type { SqlDialect } from '@larder/core/host'
import type { Catalogue } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { mysqlSettings } from '../mysql/settings.ts'
import { postgresSettings } from '../postgres/settings.ts'
import { sqliteSettings } from '../sqlite/settings.ts'

/** The checks of settings, by database. */
const SETTINGS: Readonly<Record<SqlDialect, (settings: Catalogue['settings']) => readonly Finding[]>> = {
  postgres: postgresSettings,
  mysql: mysqlSettings,
  sqlite: sqliteSettings,
}

/** Finds settings of the server that make reads stale or promises weaker. Pure. */
export function compareServer(catalogue: Catalogue): readonly Finding[] {
  const findings: Finding[] = []
  if (catalogue.standby)
    findings.push({
      level: 'danger',
      code: 'standby',
      subject: 'server',
      message:
        'replays the writes of another server: a read from it may be older than the invalidation of that read, and stay cached',
      fix: 'use the cache with the client of the primary',
    })
  for (const job of catalogue.jobs)
    findings.push({
      level: 'danger',
      code: 'event',
      subject: job,
      message: 'is run by the server on a schedule: Larder does not see what it writes',
      fix: 'run it from the application, or give its tables a ttl that bounds how stale their reads may be, and then --ignore it',
    })
  if (catalogue.unseen.length)
    findings.push({
      level: 'warning',
      code: 'unseen',
      subject: 'server',
      message: `does not show ${catalogue.unseen.join(', ')} to this user, so they were not checked`,
      fix: 'give the user of --database the rights, or use a user who has them',
    })
  return [...findings, ...SETTINGS[catalogue.dialect](catalogue.settings)]
}
