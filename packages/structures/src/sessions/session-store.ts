import { randomBytes } from 'node:crypto'
import { CacheError, type Duration, show } from '@larder/core/store'
import { checkClient, type StructureClient } from '../base/client.ts'
import { callback, checkNames, duration, keyPart, text } from '../base/options.ts'
import type { Script } from '../base/script.ts'
import { CLEAR, COUNT, DESTROY, DESTROY_ALL, GET, LIST, REGENERATE, SET, TOUCH, UPDATE } from './scripts.ts'

/** Options of {@link createSessionStore}. */
export interface SessionStoreOptions<Data> {
  /** Prefix of the keys, without braces. All sessions of a prefix are in one slot of a Cluster. Default `'larder:session'`. */
  prefix?: string
  /** How long a session lives. Default `'1d'`. */
  ttl?: Duration
  /** `true` (default): each use extends it by its `ttl`. `false`: it ends that long after it was created. */
  sliding?: boolean
  /** Names the user of a session, for `destroyAll`; `undefined` before login. */
  userOf?: (data: Data) => string | undefined
}

/** Sessions, found by an id that nobody can guess. Made by {@link createSessionStore}. */
export interface SessionStore<Data> {
  /** Stores a new session. Resolves to its id, 256 random bits: the one thing that belongs in the cookie. */
  create(data: Data): Promise<string>
  /** The session's data, `null` if there is none. Extends it if sessions slide. */
  get(id: string): Promise<Data | null>
  /** Replaces the data. Resolves to `false`, and stores nothing, if the session is gone. */
  update(id: string, data: Data): Promise<boolean>
  /** Extends a session, if sessions slide, by `ttl` or by what it had before. Resolves to whether it is there. */
  touch(id: string, options?: { ttl?: Duration }): Promise<boolean>
  /** Ends a session. Resolves to whether it was there. */
  destroy(id: string): Promise<boolean>
  /**
   * Moves a session to a new id, with new data if you give some. Do this at every login, against session fixation. Resolves to
   * the new id; `null` if the session is gone.
   */
  regenerate(id: string, data?: Data): Promise<string | null>
  /**
   * Ends all sessions of a user, at once and for good: a request that runs cannot bring one back. Resolves to their number.
   * @throws CacheError `LARDER_CONFIG` without the option `userOf`.
   */
  destroyAll(user: { userId: string }): Promise<number>
  /**
   * Stores a session under an id that a framework has made. Resolves to `false`, and stores nothing, if a session of that id was
   * destroyed in the last five minutes.
   */
  set(id: string, data: Data, options?: { ttl?: Duration }): Promise<boolean>
  /** Id and data of every session. Sessions that come and go meanwhile may be left out. */
  entries(): AsyncIterable<[id: string, data: Data]>
  /** How many sessions there are. */
  count(): Promise<number>
  /** Ends all sessions. */
  clear(): Promise<void>
}

const OPTIONS = ['prefix', 'ttl', 'sliding', 'userOf']
const PAGE = 500

/**
 * Creates a store of sessions. Data is kept as JSON. Each call is one round trip.
 * @param client an iovalkey or ioredis client or Cluster, which stays yours.
 * @throws CacheError `LARDER_CONFIG` or `LARDER_DURATION` that names a wrong option.
 * @example
 * ```ts
 * import { createSessionStore } from '@larder/structures'
 *
 * const sessions = createSessionStore<{ userId: string }>(new Redis(url), { ttl: '1d', userOf: ({ userId }) => userId })
 * const session = await sessions.create({ userId: 'ada' })
 * const data = await sessions.get(session) // { userId: 'ada' }
 * await sessions.destroyAll({ userId: 'ada' })
 * ```
 */
export function createSessionStore<Data>(
  client: StructureClient,
  options: SessionStoreOptions<Data> = {},
): SessionStore<Data> {
  checkClient(client, 'createSessionStore')
  checkNames(options, OPTIONS, 'createSessionStore')
  const prefix = keyPart(options.prefix ?? 'larder:session', 'prefix')
  const ttl = duration(options.ttl ?? '1d', 'ttl')
  const { sliding = true, userOf } = options
  if (typeof sliding !== 'boolean')
    throw new CacheError('LARDER_CONFIG', `sliding is ${show(sliding)}: give true or false`)
  if (userOf !== undefined) callback(userOf, 'userOf', '(data) => string | undefined')

  const run = (script: Script, ...args: (string | number)[]): Promise<unknown> =>
    script(client, `{${prefix}}`, sliding ? 1 : 0, ...args)
  /** Only a text of an id's length is looked up: it comes from a cookie. */
  const runOn = async (script: Script, id: unknown, ...args: (string | number)[]): Promise<unknown> =>
    typeof id === 'string' && id !== '' && id.length <= LONGEST_ID ? run(script, id, ...args) : null
  const dataAndUser = (data: Data): [string, string] => [encode(data), String(userOf?.(data) ?? '')]
  const life = (options: { ttl?: Duration } | undefined, absent: number): number =>
    options?.ttl === undefined ? absent : duration(options.ttl, 'ttl')

  return {
    async create(data) {
      const id = newId()
      await run(SET, id, ...dataAndUser(data), ttl)
      return id
    },
    async get(id) {
      const data = await runOn(GET, id)
      return typeof data === 'string' ? (JSON.parse(data) as Data) : null
    },
    update: async (id, data) => (await runOn(UPDATE, id, ...dataAndUser(data))) === 1,
    touch: async (id, options) => (await runOn(TOUCH, id, life(options, 0))) === 1,
    destroy: async (id) => (await runOn(DESTROY, id)) === 1,
    async regenerate(id, data) {
      const next = newId()
      const changed = data === undefined ? [] : dataAndUser(data)
      return (await runOn(REGENERATE, id, next, ...changed)) === 1 ? next : null
    },
    async destroyAll({ userId }) {
      if (!userOf)
        throw new CacheError(
          'LARDER_CONFIG',
          'destroyAll needs to know whose a session is: give createSessionStore the option userOf: (data) => data.userId',
        )
      return Number(await run(DESTROY_ALL, text(userId, 'userId')))
    },
    set: async (id, data, options) =>
      (await runOn(SET, text(id, 'id'), ...dataAndUser(data), life(options, ttl))) === 1,
    async *entries() {
      for (let from = 0; ; from += PAGE) {
        const flat = (await run(LIST, from, PAGE)) as string[]
        for (let at = 0; at + 1 < flat.length; at += 2)
          if (flat[at + 1] !== '') yield [flat[at] as string, JSON.parse(flat[at + 1] as string) as Data]
        if (flat.length < PAGE * 2) return
      }
    },
    count: async () => Number(await run(COUNT)),
    async clear() {
      while (Number(await run(CLEAR, PAGE)) === PAGE);
    },
  }
}

const LONGEST_ID = 256

const newId = (): string => randomBytes(32).toString('base64url')

function encode(data: unknown): string {
  const json = JSON.stringify(data)
  if (json === undefined)
    throw new CacheError(
      'LARDER_CONFIG',
      `a session cannot be ${show(data)}: give an object that JSON can hold`,
    )
  return json
}
