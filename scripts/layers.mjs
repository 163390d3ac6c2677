/**
 * The rooms of each package's `src`, lowest first. A room is a folder or a file of the root; it imports from itself and
 * from the rows before it, nothing else. So neither files nor folders can form a ring, and a new file that fits in no
 * room fails `npm run rules`.
 *
 * A package without rows has no such rules yet.
 */
export const layers = {
  core: [
    ['errors', 'clock', 'show', 'process'],
    ['duration', 'bytes', 'bounded', 'interned'],
    // Of policy/ only its types: a plan carries a policy, and the rest of policy/ decides about plans.
    ['events', 'schema', 'sql', 'policy/policy'],
    ['plan', 'scope', 'stats', 'databases'],
    ['keys', 'never-hits', 'database-registry'],
    ['report'],
    ['tags', 'codec', 'policy'],
    ['store'],
    // Validated options name a store, a codec and a policy, and make the default ones.
    ['config'],
    ['tier', 'flight', 'fence', 'invalidate', 'raw/changes'],
    ['engine', 'through', 'tell', 'connection-warnings'],
    ['raw', 'fill'],
    ['read', 'write', 'wrap', 'apply-invalidation'],
    ['at-once', 'closing', 'shared-room'],
    ['host-rooms'],
    ['hosts', 'meet-others'],
    ['cache'],
    ['index'],
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
    ['db-checks'],
    ['attach'],
    ['drizzle-cache'],
    ['index'],
  ],
  prisma: [],
  valkey: [],
  doctor: [],
}
