import type { SqlDialect } from '@larder/core/host'
import type { Catalogue } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { mysqlSettings } from '../mysql/settings.ts'
import { postgresSettings } from '../postgres/settings.ts'
import { sqliteSettings } from '../sqlite/settings.ts'

/** What settings of each database say. */
const SETTINGS: Readonly<Record<SqlDialect, (settings: Catalogue['settings']) => readonly Finding[]>> = {
  postgres: postgresSettings,
  mysql: mysqlSettings,
  sqlite: sqliteSettings,
}

/** What the server and its own settings say about promises. Pure. */
export function compareServer(catalogue: Catalogue): readonly Finding[] {
  const findings: Finding[] = []
  if (catalogue.standby)
    findings.push({
      level: 'danger',
      code: 'standby',
      subject: 'server',
      message:
        'replays the writes of another: reads from it may be older than the invalidation that is meant to end them',
      fix: 'give the cache to the client of the primary',
    })
  for (const job of catalogue.jobs)
    findings.push({
      level: 'danger',
      code: 'event',
      subject: job,
      message: 'is run by the server on a schedule: nobody tells the cache what it writes',
      fix: 'run it from the application, or bound with a ttl how old reads of its tables may be; leave it out with --ignore once that is done',
    })
  if (catalogue.unseen.length)
    findings.push({
      level: 'warning',
      code: 'unseen',
      subject: 'server',
      message: `does not show this user ${catalogue.unseen.join(', ')}: what is not seen is not reported`,
      fix: 'give the user of --database the rights, or the URL of one who has them',
    })
  return [...findings, ...SETTINGS[catalogue.dialect](catalogue.settings)]
}
