// Workers of a test run, and processes that tests start, load drizzle-orm. Node reads the nearest package.json again for every file that is imported,
// and drizzle-orm's is very long: the look-ups took most of the time of loading it. Here its files are known to be modules.
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context
    return /^\.\.?\/.*\.js$/.test(specifier) && /\/node_modules\/drizzle-orm\/.*\.js$/.test(parentURL)
      ? { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
      : next(specifier, context)
  },
})
