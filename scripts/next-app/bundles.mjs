// One process with four copies of Larder: two bundles that inline it, and the module itself read twice.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const copies = {
  'the ESM bundle': await import('./bundle.mjs'),
  'the CommonJS bundle': require('./bundle.cjs'),
  'the module': await import('./lib/items.mjs'),
  'the required module': require('./lib/items.mjs'),
}

let hits = 0
let reads = 0
for (let turn = 0; turn < 5; turn++)
  for (const [writer, { writeItem }] of Object.entries(copies)) {
    for (const { readItem } of Object.values(copies)) await readItem()
    const name = `${writer} ${turn}`
    await writeItem(name)
    for (const [reader, { readItem }] of Object.entries(copies)) {
      const seen = await readItem()
      reads++
      if (seen.source === 'memory') hits++
      if (seen.name !== name) throw new Error(`${reader} read '${seen.name}' after '${name}' was written`)
    }
  }
const instances = new Set(Object.values(copies).map(({ readItem }) => readItem)).size
if (instances < 3) throw new Error(`only ${instances} copies: this shows nothing`)
if (hits < reads / 2) throw new Error(`only ${hits} of ${reads} reads were hits`)
console.log(
  `bundles: ${instances} copies in one process, ${reads} reads after 20 writes, ${hits} hits, none stale`,
)
process.exit(0)
