import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { BUSY } from './packages/testing/src/runner/busy.ts'
import { ownProcessFiles } from './packages/testing/src/runner/own-process-files.ts'
import { sizedFiles } from './packages/testing/src/runner/sized-files.ts'
import { testSize } from './packages/testing/src/runner/sizes.ts'
import { SlowestFirst } from './packages/testing/src/runner/slowest-first.ts'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// Tests run on sources, so that a failing line is the line you edit and nothing has to be built first.
const alias = {
  // The longer names first: the shorter one would take them.
  '@larder/core/host': at('packages/core/src/host.ts'),
  '@larder/core/store': at('packages/core/src/store.ts'),
  '@larder/core': at('packages/core/src/index.ts'),
  '@larder/drizzle': at('packages/drizzle/src/index.ts'),
  '@larder/prisma/accelerate': at('packages/prisma/src/accelerate/index.ts'),
  '@larder/prisma': at('packages/prisma/src/index.ts'),
  '@larder/valkey': at('packages/valkey/src/index.ts'),
  '@larder/doctor': at('packages/doctor/src/index.ts'),
  '@larder/structures/prisma': at('packages/structures/src/prisma.ts'),
  '@larder/structures/drizzle': at('packages/structures/src/drizzle.ts'),
  '@larder/structures': at('packages/structures/src/index.ts'),
  '@larder/testing': at('packages/testing/src/index.ts'),
}

/**
 * The type tests of all packages, in one project: each project with type tests runs a compiler of its own.
 * That one reads what they import and nothing else, in a seventh of the time.
 */
const types: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'types',
    include: [],
    typecheck: {
      // The flag does not reach inline projects by itself.
      enabled: process.argv.includes('--typecheck'),
      include: ['packages/*/test/**/*.test-d.ts'],
      tsconfig: at('tsconfig.types.json'),
    },
  },
}

/** A long run takes the files that do more in it. */
const filesOf = (patterns: readonly string[]): readonly string[] =>
  testSize === 'long' ? sizedFiles(at('.'), patterns) : patterns

const separateTests = at('packages/testing/src/runner/separate-tests.ts')

/** Each of these files needs a process of its own. */
const ownProcess = ownProcessFiles(
  at('.'),
  ['packages', 'examples', 'test'].map((folder) => `${folder}/**/*.test.ts`),
)

/** Files of `test` that start, pause or kill servers or processes: they wait most of the time. */
const WAITING = ['test/processes/**/*.test.ts', 'test/outage/**/*.test.ts', 'test/promises/hung-*.test.ts']

interface Shape {
  readonly exclude?: readonly string[]
  /** Whether each file gets a process of its own: starting one and loading its modules takes longer than most files. */
  readonly isolate?: boolean
  /** Whether the tests wait most of the time: many of them run at once, after all others. */
  readonly waits?: boolean
}

const project = (
  name: string,
  patterns: readonly string[],
  { exclude = [], isolate = false, waits = false }: Shape = {},
): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name,
    isolate,
    setupFiles: [separateTests],
    include: [...filesOf(patterns)],
    exclude: ['**/node_modules/**', ...ownProcess, ...exclude],
    ...(waits && { maxWorkers: 8, sequence: { groupOrder: 1 } }),
  },
})

const testsOf = (name: string): readonly string[] => [`packages/${name}/test/**/*.test.ts`]

export default defineConfig({
  resolve: { alias },
  test: {
    // Tests wait for servers. More workers than processors of a small runner fill that time.
    maxWorkers: 4,
    // More room for young objects: a twentieth of the workers' time was their collection.
    execArgv: ['--max-semi-space-size=64', '--import', at('packages/testing/src/runner/quick-imports.mjs')],
    // No test proves anything by it: it ends those that hang. A busy machine may take ten times as long as an idle one.
    testTimeout: testSize === 'long' ? 600_000 : 180_000,
    hookTimeout: 300_000,
    // Only tests that `repeatWhenBusy` watches end with this error.
    retry: { count: 3, condition: new RegExp(`^${BUSY}`) },
    expect: { poll: { timeout: 30_000 } },
    sequence: { sequencer: SlowestFirst },
    reporters: ['default', at('packages/testing/src/repeated-tests.ts')],
    restoreMocks: true,
    globalSetup: [at('packages/testing/src/services/vitest-setup.ts')],
    projects: [
      project('core', testsOf('core')),
      // `next` is a project of its own, with a drizzle-orm of its own: npm run drizzle-next.
      project('drizzle', testsOf('drizzle'), { exclude: ['packages/drizzle/test/next/**'] }),
      project('prisma', testsOf('prisma')),
      project('doctor', testsOf('doctor')),
      project('examples', ['examples/*/test/**/*.test.ts']),
      project('cross', ['test/**/*.test.ts'], { exclude: WAITING }),
      project('valkey', testsOf('valkey'), { waits: true }),
      project('structures', testsOf('structures'), { waits: true }),
      project('testing', testsOf('testing'), { isolate: true, waits: true }),
      project('waiting', WAITING, { waits: true }),
      types,
      {
        extends: true,
        test: { name: 'own-process', setupFiles: [separateTests], include: [...filesOf(ownProcess)] },
      },
    ],
  },
})
