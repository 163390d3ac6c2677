import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, totalmem } from 'node:os'

/** Where figures come from. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  /** In GiB. */
  readonly memory: number
  readonly platform: string
  /** Short hash, with `+` if the source had changes that were not committed. Absent in older files, and outside a repository. */
  readonly commit?: string
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
  const commit = currentCommit()
  return {
    cpu: cpus()[0]?.model.trim() || process.arch,
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 2 ** 30),
    platform: process.platform,
    ...(commit && { commit }),
    versions: { node: process.versions.node, ...versions },
  }
}

/** In a line. */
export function describeMachine({ versions, platform, cores, cpu }: Machine): string {
  return `Node ${versions.node}, ${platform}, ${cores} cores (${cpu})`
}

export type Servers = Readonly<Record<string, string>>

const servers: Record<string, string> = {}

/** Keeps the version of a server that this run has connected to, for its results. */
export function noteServer(name: string, version: string): void {
  servers[name] = version
}

/** The versions of the servers that this run has connected to so far, by their names. */
export function knownServers(): Servers {
  return { ...servers }
}

/** What a run writes itself does not count as a change. */
const WRITTEN = ['results.json', 'profiles'].map((path) => `:(exclude)${path}`)

function currentCommit(): string | undefined {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    const changes = git('status', '--porcelain', '--', ':/', ':(exclude,top)docs', ...WRITTEN)
    return `${git('rev-parse', '--short', 'HEAD')}${changes ? '+' : ''}`
  } catch {
    return undefined
  }
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
