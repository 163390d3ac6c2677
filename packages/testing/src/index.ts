export { type ConnectionCase, expectDistinctConnections } from './contract/connection-cases.ts'
export {
  type OutageTables,
  outageDriverRow,
  outagePageRows,
  outageSignRow,
  SHARED_OUTAGE_TABLES,
} from './contract/outage-page.ts'
export { type StoreCapabilities, storeContract } from './contract/suite.ts'
export { migrate } from './databases/migrate.ts'
export { type OwnClient, ownClient } from './databases/own-client.ts'
export { emptyPglite, startPglite } from './databases/pglite.ts'
export {
  type HeldStatement,
  type SentStatement,
  type WatchedAdapter,
  watchAdapter,
} from './oracles/adapter-oracle.ts'
export { createHistory, type History, type Observation, type StaleRead } from './oracles/history.ts'
export { differences, type Snapshot, snapshotOf } from './oracles/snapshot.ts'
export { changedTables, type RunSql, type TableState, tableState } from './oracles/table-state.ts'
export { writtenTables } from './oracles/written-tables.ts'
export { FRESH, repeatWhenBusy } from './runner/repeat-when-busy.ts'
export { setting, sized, sweep, type TestSize, testSize } from './runner/sizes.ts'
export { skipTest } from './runner/skip-test.ts'
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
export { absentParser } from './simulation/absent-parser.ts'
export {
  type Deferred,
  deferred,
  type FakeClock,
  fakeClock,
  forgetfulClock,
  settled,
} from './simulation/fake-clock.ts'
export { createScheduler, type Scheduler, seededRandom } from './simulation/scheduler.ts'
export { zipf } from './simulation/zipf.ts'
export { type Fault, type FaultyStore, faultyStore, type StoreCall } from './stores/faulty-store.ts'
export {
  createFeed,
  type Feed,
  type FeedOptions,
  type Follower,
  followedStore,
} from './stores/followed-store.ts'
export { type Ablation, modelStore } from './stores/model-store.ts'
export { ownProcess } from './stores/own-process.ts'
export { type ScheduleFaults, scheduledStore } from './stores/scheduled-store.ts'
