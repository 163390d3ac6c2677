import type { Catalogue } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { formatTime, losesCommits, outlivesMarks, unboundedStatement } from '../timeouts.ts'

/** Checks settings of MySQL and MariaDB. Pure. */
export function mysqlSettings(settings: Catalogue['settings']): readonly Finding[] {
  return [...sessions(settings), ...limits(settings), ...nodes(settings)]
}

/** Settings of a new session. */
function sessions(settings: Catalogue['settings']): readonly Finding[] {
  const findings: Finding[] = []
  const isolation = settings.transaction_isolation ?? settings.tx_isolation
  if (isolation === 'READ-UNCOMMITTED')
    findings.push({
      level: 'danger',
      code: 'isolation',
      subject: 'transaction_isolation',
      message: 'is READ-UNCOMMITTED: rows of a transaction that is rolled back later may be cached',
      fix: "SET GLOBAL transaction_isolation = 'REPEATABLE-READ' (MariaDB before 11.1: tx_isolation)",
    })
  if (settings.autocommit === 'OFF')
    findings.push({
      level: 'danger',
      code: 'autocommit',
      subject: 'autocommit',
      message:
        'is OFF: every statement opens a transaction that stays open, so reads see an old snapshot, and a write is not committed when Larder finishes it',
      fix: 'SET GLOBAL autocommit = ON',
    })
  if (settings.sql_mode !== undefined && !/\bSTRICT_(?:TRANS|ALL)_TABLES\b/.test(settings.sql_mode))
    findings.push({
      level: 'danger',
      code: 'sql-mode',
      subject: 'sql_mode',
      message:
        'is not strict: the server truncates texts and clamps numbers that do not fit their column, so the key that is stored may not be the key in the statement, and a cached read by the stored key may be stale until its ttl',
      fix: "SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES')",
    })
  if (settings.foreign_key_checks === 'OFF')
    findings.push({
      level: 'note',
      code: 'foreign-keys-off',
      subject: 'foreign_key_checks',
      message: 'is OFF: declared cascades do not happen, so writes invalidate more than necessary',
      fix: 'SET GLOBAL foreign_key_checks = ON',
    })
  return findings
}

/** Settings that limit statements, and that decide what a crash loses. */
function limits(settings: Catalogue['settings']): readonly Finding[] {
  const findings: Finding[] = []
  const flushed = settings.innodb_flush_log_at_trx_commit
  if (flushed !== undefined && flushed !== '1')
    findings.push(
      losesCommits(
        'innodb_flush_log_at_trx_commit',
        flushed,
        'set it to 1, or call cache.invalidate({ all: true }) after a crash',
      ),
    )
  // MariaDB's max_statement_time ends every statement, including lock waits. MySQL's max_execution_time ends only SELECTs.
  if (settings.max_statement_time !== undefined) {
    const limit = Number(settings.max_statement_time) * 1000
    if (outlivesMarks(limit))
      findings.push(
        unboundedStatement(
          'max_statement_time',
          `is ${formatTime(limit)}`,
          'SET GLOBAL max_statement_time = 25',
        ),
      )
    return findings
  }
  const waits = (['innodb_lock_wait_timeout', 'lock_wait_timeout'] as const).filter(
    (name) => settings[name] !== undefined && outlivesMarks(Number(settings[name]) * 1000),
  )
  const [first] = waits
  if (first)
    findings.push(
      unboundedStatement(
        first,
        `${waits.map((name) => `${name === first ? '' : `${name} `}is ${settings[name]} s`).join(', ')}, and MySQL only limits the time of SELECTs (max_execution_time)`,
        `SET GLOBAL ${waits.map((name) => `${name} = 25`).join(', ')}; and run a job that uses KILL QUERY on writes that take longer`,
      ),
    )
  return findings
}

/** Settings of clusters in which several servers accept writes. */
function nodes(settings: Catalogue['settings']): readonly Finding[] {
  const findings: Finding[] = []
  if (settings.wsrep_on === 'ON' && !(Number(settings.wsrep_sync_wait) & 1))
    findings.push({
      level: 'warning',
      code: 'cluster-reads',
      subject: 'wsrep_sync_wait',
      message: `is ${settings.wsrep_sync_wait ?? 'not set'}: a read on one node of the cluster may miss a write that another node has committed, and be cached after it`,
      fix: 'connect the application to one node only, or SET GLOBAL wsrep_sync_wait = 1',
    })
  if (
    settings.group_replication_group_name &&
    !['BEFORE', 'AFTER', 'BEFORE_AND_AFTER'].includes(settings.group_replication_consistency ?? '')
  )
    findings.push({
      level: 'warning',
      code: 'cluster-reads',
      subject: 'group_replication_consistency',
      message: `is ${settings.group_replication_consistency}: a read on one member of the group may miss a write that another member has committed, and be cached after it`,
      fix: "connect the application to the primary only, or SET GLOBAL group_replication_consistency = 'BEFORE'",
    })
  return findings
}
