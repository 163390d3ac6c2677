// Who may import whom. Type imports count: a type that points the wrong way is a design that points the wrong way.
// `npm run rules` also plants one violation of each rule and requires it to be caught.
import { layers } from './scripts/layers.mjs'

const sources = (name) => `^packages/${name}/src/`
const core = sources('core')
const roomPath = (room) => {
  if (room.endsWith('/')) return room
  return room.endsWith('.ts') ? `${room.replace('.', '\\.')}$` : `${room}(/|\\.ts$)`
}
const inRooms = (name, rooms) => `${sources(name)}(${rooms.map(roomPath).join('|')})`

// A package's public name as it resolves before the build (not at all), after it (dist), or as a source.
const coreEntry =
  '^(@larder/core(/(host|store))?|packages/core/(dist|src)/(index|host|store)\\.(ts|js|d\\.ts))$'
const doesIo =
  '^(node:)?(fs|net|http|https|http2|tls|dns|dgram|child_process|cluster|worker_threads|readline|repl|sqlite|inspector)(/|$)'

const roomRules = Object.entries(layers).flatMap(([name, rows]) => {
  if (rows.length === 0) return []
  return [
    // The last row may import everything below it, which is everything.
    ...rows.slice(0, -1).flatMap((row, level) =>
      row.map((room) => ({
        name: `${name}-room-${room.replace('/', '')}`,
        comment: `packages/${name}/src/${room} may import only itself and lower rooms`,
        severity: 'error',
        from: { path: inRooms(name, [room]) },
        to: { path: sources(name), pathNot: inRooms(name, [room, ...rows.slice(0, level).flat()]) },
      })),
    ),
    {
      name: `${name}-has-a-room-for-each-file`,
      comment: `a new file or folder of packages/${name}/src takes its place in scripts/layers.mjs`,
      severity: 'error',
      from: { path: sources(name), pathNot: inRooms(name, rows.flat()) },
      to: {},
    },
  ]
})

const hostRule = (name, orm) => ({
  name: `host-${name}`,
  comment: `@larder/${name} knows the public entries of @larder/core and ${orm.join(', ')}, nothing else`,
  severity: 'error',
  from: { path: `^packages/${name}/(src|bin|optional)/` },
  to: {
    dependencyTypesNot: ['core'],
    pathNot: [
      `^packages/${name}/(src|bin|optional|dist)/`,
      coreEntry,
      ...orm.flatMap((each) => [`(^|/)node_modules/${each}`, `^${each}`]),
    ],
  },
})

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...roomRules,
    {
      name: 'core-knows-no-host',
      comment: 'the engine knows no ORM, no server and no other package of ours',
      severity: 'error',
      from: { path: core },
      to: {
        path: [
          '^packages/',
          '^@larder/',
          '(^|/)node_modules/(@prisma|drizzle-orm|libpg-query|pg|iovalkey|ioredis|redis)(/|$)',
          '^(@prisma/|drizzle-orm|libpg-query|pg$|iovalkey|ioredis|redis)',
        ],
        pathNot: core,
      },
    },
    {
      name: 'pure-rooms-do-no-io',
      comment: 'plan, tags and keys decide; they do not act',
      severity: 'error',
      from: { path: inRooms('core', ['plan', 'tags', 'keys']) },
      to: { path: [doesIo, inRooms('core', ['store/', 'tier', 'marks', 'transaction', 'pipeline'])] },
    },
    hostRule('prisma', ['@prisma/', 'libpg-query']),
    hostRule('drizzle', ['drizzle-orm', 'libpg-query']),
    hostRule('valkey', ['iovalkey']),
    // Clients are given; only the entry for Drizzle imports something of an ORM.
    hostRule('structures', ['drizzle-orm']),
    {
      name: 'structures-load-no-engine',
      comment: 'of @larder/core, @larder/structures knows errors and durations, by the entry for stores',
      severity: 'error',
      from: { path: sources('structures') },
      to: { path: '^(@larder/core(/host)?$|packages/core/(dist|src)/(index|host)\\.)' },
    },
    // Asks each host what it declares, by its public entry.
    hostRule('doctor', [
      ...['pg', 'mysql2', 'better-sqlite3', '@libsql/client'],
      '@larder/(prisma|drizzle|valkey)$',
      'packages/(prisma|drizzle|valkey)/(src|dist)/index\\.',
      // What its command loads: itself, before it is built.
      '\\.\\./dist/index\\.js$',
    ]),
    {
      name: 'testing-is-for-tests',
      comment: 'only tests, bench and examples import @larder/testing',
      severity: 'error',
      from: { pathNot: '^(packages/[^/]+/test|packages/testing|test|bench|examples)/' },
      to: { path: ['^packages/testing/', '^@larder/testing'] },
    },
    {
      name: 'published-names-only',
      comment: 'examples, bench and the top-level tests use the packages as a reader would: by name',
      severity: 'error',
      from: { path: '^(examples|bench|test)/' },
      // By its name a workspace is local, too: what tells it apart is that it was found as one.
      to: { path: '^packages/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased-workspace'] },
    },
    {
      name: 'declared-dependencies-only',
      comment: 'what a published package imports stands in its own package.json',
      severity: 'error',
      from: { path: '^packages/[^/]+/(src|bin|optional)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    // TypeScript 7 has no JavaScript API; with it alone dependency-cruiser reads no .ts file and reports success.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: {
      path: ['^prisma/generated/', '^examples/[^/]+/src/generated/', '^packages/[^/]+/node_modules/.vite'],
    },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
