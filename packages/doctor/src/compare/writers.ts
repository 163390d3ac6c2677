import type { Table } from '@larder/core'
import type { Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'

/** Whatever changes rows without being a statement of the client's. Pure. */
export function compareWriters(table: Table, relation: Relation): readonly Finding[] {
  const subject = table.name
  const findings: Finding[] = []
  for (const { name, does } of relation.triggers)
    findings.push(
      table.touches.length
        ? {
            level: 'note',
            code: 'trigger',
            subject,
            message: `has the trigger ${name} (${does}), and is declared to write ${table.touches.join(', ')}`,
            fix: 'see that these are all that its triggers write',
          }
        : {
            level: 'danger',
            code: 'trigger',
            subject,
            message: `has the trigger ${name} (${does}), and nothing is declared of what it writes`,
            fix: 'name the tables it writes in the policy’s touches: the table itself, too, if it changes other columns of the row',
          },
    )
  for (const rule of relation.rules)
    findings.push({
      level: 'danger',
      code: 'rule',
      subject,
      message: `has the rewrite rule ${rule}: statements may write other tables than they say`,
      fix: 'name the tables in the policy’s touches, or use a trigger',
    })
  if (relation.subscribed)
    findings.push({
      level: 'danger',
      code: 'subscription',
      subject,
      message: 'is filled by logical replication: those writes pass the cache by',
      fix: 'give its model no policy, or a ttl that bounds how old its reads may be',
    })
  if (relation.rowSecurity)
    findings.push({
      level: 'warning',
      code: 'row-security',
      subject,
      message:
        'has row-level security: what a read returns depends on the role or on settings of the session',
      fix: 'give createCache a scope that tells the roles or tenants apart, with requireScope: true',
    })
  return findings
}
