import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { BUSY } from './packages/testing/src/busy.ts'
import { mockingFiles } from './packages/testing/src/mocking-files.ts'
import { sizedFiles } from './packages/testing/src/sized-files.ts'
import { testSize } from './packages/testing/src/sizes.ts'

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
const filesOf = (folder: string): readonly string[] => {
  const all = [`${folder}/**/*.test.ts`]
  return testSize === 'long' ? sizedFiles(at('.'), all) : all
}

const separateTests = at('packages/testing/src/separate-tests.ts')

/** Folders whose test files share a process per worker: starting one and loading its modules takes longer than most of the tests. */
const SHARED = [
  'packages/core/test',
  'packages/drizzle/test',
  'packages/prisma/test',
  'packages/valkey/test',
  'test',
]
const mocking = SHARED.flatMap((folder) => mockingFiles(at('.'), [`${folder}/**/*.test.ts`]))

const project = (name: string, folder: string): TestProjectInlineConfiguration => {
  const shares = SHARED.includes(folder)
  return {
    extends: true,
    test: {
      name,
      isolate: !shares,
      setupFiles: [separateTests],
      include: [...filesOf(folder)],
      // `next` is a project of its own, with a drizzle-orm of its own: npm run drizzle-next.
      exclude: ['**/node_modules/**', 'packages/drizzle/test/next/**', ...(shares ? mocking : [])],
    },
  }
}

export default defineConfig({
  resolve: { alias },
  test: {
    // Many tests wait, for a deadline or for a server. More workers than cores of a small runner fill that time.
    maxWorkers: 4,
    // No test proves anything by it: it ends those that hang. A busy machine may take ten times as long as an idle one.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    // Only tests that `repeatWhenBusy` watches end with this error.
    retry: { count: 3, condition: new RegExp(`^${BUSY}`) },
    expect: { poll: { timeout: 30_000 } },
    restoreMocks: true,
    globalSetup: [at('packages/testing/src/services/vitest-setup.ts')],
    projects: [
      project('core', 'packages/core/test'),
      project('drizzle', 'packages/drizzle/test'),
      project('prisma', 'packages/prisma/test'),
      project('valkey', 'packages/valkey/test'),
      project('doctor', 'packages/doctor/test'),
      project('structures', 'packages/structures/test'),
      project('testing', 'packages/testing/test'),
      project('examples', 'examples/*/test'),
      project('cross', 'test'),
      types,
      { extends: true, test: { name: 'mocking', setupFiles: [separateTests], include: mocking } },
    ],
  },
})
