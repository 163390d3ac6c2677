/** A server a test may talk to, whoever started it. */
export interface Service {
  /** `postgresql://…` or `redis://…`, always reachable from this process. */
  readonly url: string
  /** Where it came from, for the log: `environment`, `docker` or `local`. */
  readonly from: 'environment' | 'docker' | 'local'
  /** Stops what was started here; does nothing for a server that was found running. */
  stop(): Promise<void>
}

/** What the starter may look at and do; tests pass their own to see it fail. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folders searched for server programs after those in `env.PATH`; each may hold one `*`. */
  readonly folders: readonly string[]
  /** May it install a missing server with apt? */
  readonly mayInstall: boolean
}

/** One way to come by a server: the server, or the reason why not. */
export interface Finder {
  readonly name: string
  find(): Promise<Service | string>
}

/** The first way that works. When none does, the error lists every reason and ends with the fix. */
export async function firstThatWorks(server: string, ways: readonly Finder[], fix: string): Promise<Service> {
  const reasons: string[] = []
  for (const way of ways) {
    const service = await way
      .find()
      .catch((error: unknown) => `failed: ${error instanceof Error ? error.message : error}`)
    if (typeof service !== 'string') return service
    reasons.push(`  ${way.name}: ${service}`)
  }
  throw new Error(`no ${server} for the tests\n${reasons.join('\n')}\n${fix}`)
}

/** `env[name]`, when it is set to something: a server that somebody else runs. */
export function fromEnvironment({ env }: Surroundings, name: string): Finder {
  return {
    name: 'environment',
    async find() {
      const url = env[name]
      return url ? { url, from: 'environment', stop: async () => {} } : `${name} is not set`
    },
  }
}
