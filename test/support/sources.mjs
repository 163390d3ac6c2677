// For processes that tests start: they read our packages from their sources, as the tests do.
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    const [, name, entry = 'index'] =
      /^@larder\/(core|drizzle|prisma|structures|valkey)(?:\/(\w+))?$/.exec(specifier) ?? []
    const url = name && new URL(`../../packages/${name}/src/${entry}.ts`, import.meta.url).href
    return url ? { url, format: 'module-typescript', shortCircuit: true } : next(specifier, context)
  },
})
