// For processes that tests start: they read our packages from their sources, as the tests do.
import '@larder/testing/quick-imports'
import { enableCompileCache, flushCompileCache, registerHooks } from 'node:module'

// Compiling takes a good part of a member's start. Most members are killed, so they do not write the cache at their exit.
enableCompileCache()
process.once('message', () => flushCompileCache())

registerHooks({
  resolve(specifier, context, next) {
    // A file next to its importer. Node would look for it, and for the package.json that says what it is.
    if (/^\.\.?\/.*\.ts$/.test(specifier))
      return {
        url: new URL(specifier, context.parentURL).href,
        format: 'module-typescript',
        shortCircuit: true,
      }
    const [, name, entry = 'index'] =
      /^@larder\/(core|drizzle|prisma|structures|valkey)(?:\/(\w+))?$/.exec(specifier) ?? []
    const url = name && new URL(`../../packages/${name}/src/${entry}.ts`, import.meta.url).href
    return url ? { url, format: 'module-typescript', shortCircuit: true } : next(specifier, context)
  },
})
