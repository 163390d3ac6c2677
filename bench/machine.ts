import { createRequire } from 'node:module'
import { availableParallelism, cpus, totalmem } from 'node:os'

/** Where figures come from. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  /** In GiB. */
  readonly memory: number
  readonly platform: string
  /** Of Node and of the packages that are compared. */
  readonly versions: { readonly node: string; readonly [name: string]: string }
}

const COMPARED = [
  '@larder/core',
  '@prisma/client',
  'drizzle-orm',
  'iovalkey',
  'ioredis',
  'bentocache',
  'prisma-extension-redis',
]

export function thisMachine(): Machine {
  const versions = Object.fromEntries(COMPARED.map((name) => [name, versionOf(name)]))
  return {
    cpu: cpus()[0]?.model.trim() || process.arch,
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 2 ** 30),
    platform: process.platform,
    versions: { node: process.versions.node, ...versions },
  }
}

/** In a line. */
export function describeMachine({ versions, platform, cores, cpu }: Machine): string {
  return `Node ${versions.node}, ${platform}, ${cores} cores (${cpu})`
}

function versionOf(name: string): string {
  const require = createRequire(import.meta.url)
  // Not every package exports its package.json.
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (require(`${folder}/${name}/package.json`) as { version: string }).version
    } catch {}
  }
  return '?'
}
