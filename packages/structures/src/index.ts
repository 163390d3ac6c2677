export type { StructureClient } from './base/client.ts'
export { type Counter, type CounterOptions, createCounter } from './counter/counter.ts'
export type { Archive } from './leaderboard/archive.ts'
export {
  createLeaderboard,
  type Leaderboard,
  type LeaderboardOptions,
} from './leaderboard/leaderboard.ts'
export type { ArchivedRow, LeaderboardRow, LeaderboardSlice, RestoredRow } from './leaderboard/rows.ts'
export type { HeldLock } from './lock/held-lock.ts'
export { type AcquireOptions, createLock, type Lock, type LockOptions } from './lock/lock.ts'
export { type ExpressSessionStore, expressSessionStore } from './sessions/express-session-store.ts'
export { createSessionStore, type SessionStore, type SessionStoreOptions } from './sessions/session-store.ts'
