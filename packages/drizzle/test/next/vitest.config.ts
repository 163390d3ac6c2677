import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The contract must import this folder's drizzle-orm, and Larder from its tarballs. */
const OWN = /^(?:drizzle-orm|@larder\/(?:core|drizzle))(?:\/|$)/

export default defineConfig({
  root: at('.'),
  resolve: { alias: { '@larder/testing': at('../../../testing/src/index.ts') } },
  plugins: [
    {
      name: 'own-packages',
      enforce: 'pre',
      resolveId(source: string, importer: string | undefined) {
        if (!OWN.test(source)) return null
        // The contract's schemas contain relations in the syntax of 0.45, which nothing here uses.
        const old = source === 'drizzle-orm' && /\/contract\/schema-/.test(importer ?? '')
        return this.resolve(old ? 'drizzle-orm/_relations' : source, at('package.json'), { skipSelf: true })
      },
    },
  ],
  test: {
    name: 'drizzle-next',
    include: ['*.test.ts'],
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 180_000,
    globalSetup: [at('../../../testing/src/services/vitest-setup.ts')],
    setupFiles: [at('../../../testing/src/runner/separate-tests.ts')],
  },
})
