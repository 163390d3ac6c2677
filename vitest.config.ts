import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
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
  '@larder/prisma': at('packages/prisma/src/index.ts'),
  '@larder/valkey': at('packages/valkey/src/index.ts'),
  '@larder/doctor': at('packages/doctor/src/index.ts'),
  '@larder/testing': at('packages/testing/src/index.ts'),
}

// The flag does not reach inline projects by itself.
const withTypes = process.argv.includes('--typecheck')

/** A long run takes the files that do more in it. */
const filesOf = (folder: string): string[] => {
  const all = [`${folder}/**/*.test.ts`]
  return testSize === 'long' ? [...sizedFiles(at('.'), all)] : all
}

const project = (name: string, folder: string): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name,
    setupFiles: [at('packages/testing/src/separate-tests.ts')],
    include: filesOf(folder),
    // A project of its own, with a drizzle-orm of its own: npm run drizzle-next.
    exclude: ['**/node_modules/**', 'packages/drizzle/test/next/**'],
    typecheck: {
      enabled: withTypes,
      include: [`${folder}/**/*.test-d.ts`],
      tsconfig: at('tsconfig.json'),
    },
  },
})

export default defineConfig({
  resolve: { alias },
  test: {
    // A shared machine or a small runner: two workers leave room for the database the tests talk to.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 180_000,
    restoreMocks: true,
    globalSetup: [at('packages/testing/src/services/vitest-setup.ts')],
    projects: [
      project('core', 'packages/core/test'),
      project('drizzle', 'packages/drizzle/test'),
      project('prisma', 'packages/prisma/test'),
      project('valkey', 'packages/valkey/test'),
      project('doctor', 'packages/doctor/test'),
      project('testing', 'packages/testing/test'),
      project('examples', 'examples/*/test'),
      project('cross', 'test'),
    ],
  },
})
