// For processes that tests start: our packages are read from their sources, as the tests themselves read them.
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    const [, name, entry = 'index'] = /^@larder\/(\w+)(?:\/(\w+))?$/.exec(specifier) ?? []
    const url = name && new URL(`../../../${name}/src/${entry}.ts`, import.meta.url).href
    return url ? { url, format: 'module-typescript', shortCircuit: true } : next(specifier, context)
  },
})
