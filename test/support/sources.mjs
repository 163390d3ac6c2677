// For processes that tests start: they read our packages from their sources, as the tests do.
import { enableCompileCache, flushCompileCache, registerHooks } from 'node:module'

// Compiling takes a good part of a member's start. Most members are killed, so they do not write the cache at their exit.
enableCompileCache()
process.once('message', () => flushCompileCache())

/**
 * What a file next to its importer is. Node would find that out from the nearest package.json, at every import: that of
 * drizzle-orm is so long that these look-ups took half of a member's start.
 */
function formatOf(specifier, parent = '') {
  if (!/^\.\.?\//.test(specifier)) return undefined
  if (specifier.endsWith('.ts')) return 'module-typescript'
  return specifier.endsWith('.js') && /\/node_modules\/drizzle-orm\/.*\.js$/.test(parent)
    ? 'module'
    : undefined
}

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context
    const format = formatOf(specifier, parentURL)
    if (format) return { url: new URL(specifier, parentURL).href, format, shortCircuit: true }
    const [, name, entry = 'index'] =
      /^@larder\/(core|drizzle|prisma|structures|valkey)(?:\/(\w+))?$/.exec(specifier) ?? []
    const url = name && new URL(`../../packages/${name}/src/${entry}.ts`, import.meta.url).href
    return url ? { url, format: 'module-typescript', shortCircuit: true } : next(specifier, context)
  },
})
