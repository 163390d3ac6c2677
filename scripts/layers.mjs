/**
 * The rooms of each package's `src`, lowest first. A room is a folder or a file of the root (`host/` or `host.ts` where
 * both are there). It imports from itself and from the rows before it, nothing else. So neither files nor folders can form
 * a ring, and a new file that fits in no room fails `npm run rules`.
 */
export const layers = {
  core: [
    ['base'],
    ['keys', 'sql', 'report', 'outage'],
    ['plan', 'codec'],
    ['tags'],
    ['store/'],
    // Validated options name a store, a codec and a policy, and make the default ones.
    ['options'],
    ['entry'],
    ['tier'],
    ['write-through'],
    ['marks'],
    ['transaction'],
    // Loads that callers share, and what a load has read.
    ['process', 'sharing', 'capture'],
    ['pipeline'],
    ['host/'],
    ['cache'],
    ['index', 'host.ts', 'store.ts'],
  ],
  drizzle: [
    ['base', 'policy'],
    // All that differs between versions of Drizzle; everything above is written once.
    ['versions'],
    ['connection', 'sql'],
    ['tables'],
    ['analysis'],
    ['write-through'],
    ['execute'],
    ['sync', 'order'],
    ['wrap'],
    ['attach'],
    ['drizzle-cache'],
    ['index'],
  ],
  prisma: [
    // All that is read of a Prisma client's private fields.
    ['internals'],
    ['schema', 'connection'],
    ['plan'],
    ['policy'],
    ['transaction'],
    ['execute'],
    ['client', 'watch'],
    ['extension'],
    // `accelerate` is an entry of its own.
    ['accelerate', 'index'],
  ],
  valkey: [
    ['connection'],
    ['topology'],
    ['scripts'],
    // Who answers: the epoch and each server's incarnation.
    ['watch'],
    ['feed', 'advice'],
    ['tags'],
    ['leases'],
    ['read'],
    ['caches', 'ping'],
    ['assemble'],
    ['valkey-store'],
    ['index'],
  ],
  structures: [
    // The client, how scripts run on it, and how options are checked.
    ['base'],
    ['batches'],
    // None of them knows another.
    ['lock', 'sessions', 'leaderboard', 'counter'],
    ['index', 'prisma', 'drizzle'],
  ],
  doctor: [
    ['doctor-error', 'finding', 'catalogue'],
    ['connection', 'query', 'trigger-body', 'timeouts', 'conceal', 'options', 'report'],
    ['postgres', 'mysql', 'sqlite'],
    ['connect', 'compare', 'declared', 'valkey'],
    ['examine'],
    ['doctor'],
    ['index'],
  ],
  testing: [
    // None of them knows another.
    ['runner', 'simulation', 'stores', 'oracles', 'contract', 'databases'],
    // Databases and stores that a whole run shares.
    ['services'],
    // Servers that one test starts, pauses and kills.
    ['servers'],
    // `.ci/run` names the reporter by its path.
    ['index', 'repeated-tests'],
  ],
}
