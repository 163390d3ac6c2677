// Generates the Prisma client and Larder's data model of every schema in the repository, offline. With `--missing`, only
// those that were never generated or are older than their schema.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Where each schema's own generators write to, relative to the schema. */
const folderOf = (schema) => {
  if (schema.startsWith('examples')) return '../src/generated'
  return schema === 'prisma/schema.prisma' ? 'generated' : '../generated/features'
}
const onlyMissing = process.argv.includes('--missing')

const isCurrent = (schema) => {
  const output = join(root, dirname(schema), folderOf(schema), 'larder.ts')
  return existsSync(output) && statSync(output).mtimeMs > statSync(join(root, schema)).mtimeMs
}

const schemas = globSync(
  ['prisma/schema.prisma', 'prisma/features/schema.prisma', 'examples/*/prisma/schema.prisma'],
  { cwd: root },
)
const codes = await Promise.all(
  schemas
    .filter((schema) => !onlyMissing || !isCurrent(schema))
    .map(async (schema) => {
      const parameters = [join(root, 'scripts/offline.mjs'), 'prisma', 'generate', '--schema', schema]
      const [code] = await once(spawn(process.execPath, parameters, { cwd: root, stdio: 'inherit' }), 'exit')
      return code ?? 1
    }),
)
process.exitCode = Math.max(0, ...codes)
