export { absentParser } from './absent-parser.ts'
export {
  type HeldStatement,
  type SentStatement,
  type WatchedAdapter,
  watchAdapter,
} from './adapter-oracle.ts'
export { type ConnectionCase, expectDistinctConnections } from './connection-cases.ts'
export { type StoreCapabilities, storeContract } from './contract/suite.ts'
export { type Deferred, deferred, type FakeClock, fakeClock, forgetfulClock, settled } from './fake-clock.ts'
export { type Fault, type FaultyStore, faultyStore, type StoreCall } from './faulty-store.ts'
export { createFeed, type Feed, type FeedOptions, type Follower, followedStore } from './followed-store.ts'
export { createHistory, type History, type Observation, type StaleRead } from './history.ts'
export { migrate } from './migrate.ts'
export { type Ablation, modelStore } from './model-store.ts'
export {
  type OutageTables,
  outageDriverRow,
  outagePageRows,
  outageSignRow,
  SHARED_OUTAGE_TABLES,
} from './outage-page.ts'
export { type OwnClient, ownClient } from './own-client.ts'
export { ownProcess } from './own-process.ts'
export { emptyPglite, startPglite } from './pglite.ts'
export { FRESH, repeatWhenBusy } from './repeat-when-busy.ts'
export { type ScheduleFaults, scheduledStore } from './scheduled-store.ts'
export { createScheduler, type Scheduler, seededRandom } from './scheduler.ts'
export { type Cluster, type ClusterShape, startCluster } from './servers/cluster.ts'
export type { ClusterNode } from './servers/cluster-node.ts'
export {
  type DatabaseServer,
  startMariadbServer,
  startPostgresServer,
} from './servers/database-server.ts'
export { redisProgram, valkeyProgram } from './servers/program.ts'
export { type Sentinels, startSentinels } from './servers/sentinel.ts'
export { type Launch, type OwnServer, startServer } from './servers/server.ts'
export type { Migration } from './servers/slot-migration.ts'
export { until } from './servers/until.ts'
export { makeDataFolder } from './services/data-folder.ts'
export { createDatabase, type Database } from './services/database.ts'
export { startMariadb } from './services/mariadb.ts'
export { startPostgres } from './services/postgres.ts'
export type { Service, Surroundings } from './services/service.ts'
export { createMigratedDatabase, mariadbUrl, postgresUrl, valkeyUrl } from './services/shared.ts'
export { startValkey } from './services/valkey.ts'
export { setting, sized, sweep, type TestSize, testSize } from './sizes.ts'
export { skipTest } from './skip-test.ts'
export { differences, type Snapshot, snapshotOf } from './snapshot.ts'
export { changedTables, type RunSql, type TableState, tableState } from './table-state.ts'
export { writtenTables } from './written-tables.ts'
export { zipf } from './zipf.ts'
