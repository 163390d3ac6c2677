import { EventEmitter } from 'node:events'
import { CacheError, show } from '@larder/core/store'
import type { SessionStore } from './session-store.ts'

/** What the two middlewares put into a session besides its data. */
interface SessionCookie {
  readonly expires?: Date | string | null | undefined
  readonly originalMaxAge?: number | null | undefined
}

/** A request, as express-session sees it. */
interface SessionRequest {
  sessionID: string
  session?: object | undefined
}

type Done<T = void> = (error?: unknown, result?: T) => void

/** What express-session's own Store imports: the class of sessions, and the prototype of their cookies. */
interface SessionClasses {
  readonly Session: new (request: object, data: object) => object
  readonly cookie: object
}

/** A `Store` of express-session, which `@fastify/session` takes as well. Made by {@link expressSessionStore}. */
export class ExpressSessionStore extends EventEmitter {
  /** Set by express-session: gives the request a new session. */
  declare generate: (request: object) => void
  readonly #sessions: SessionStore<object>
  #classes: SessionClasses | undefined

  constructor(sessions: SessionStore<object>) {
    super()
    this.#sessions = sessions
  }

  get<S>(id: string, done: (error: unknown, session?: S | null) => void): void {
    answer(this.#sessions.get(id) as Promise<S | null>, done)
  }

  /** The session lives as long as its cookie; without an expiry, for the `ttl` of the store. */
  set(id: string, session: object, done?: Done): void {
    const ttl = lifeOf(session)
    const work =
      ttl === undefined || ttl > 0
        ? this.#sessions.set(id, session, ttl === undefined ? {} : { ttl: ttl })
        : this.#sessions.destroy(id)
    answer(emptied(work), done)
  }

  touch(id: string, session: object, done?: Done): void {
    const ttl = lifeOf(session)
    const work =
      ttl === undefined || ttl > 0
        ? this.#sessions.touch(id, ttl === undefined ? {} : { ttl: ttl })
        : this.#sessions.destroy(id)
    answer(emptied(work), done)
  }

  destroy(id: string, done?: Done): void {
    answer(emptied(this.#sessions.destroy(id)), done)
  }

  /** All sessions, each with its `id`. */
  all<S>(done: (error: unknown, sessions?: S[] | null) => void): void {
    answer(this.#all() as Promise<S[]>, done)
  }

  length(done: (error: unknown, length?: number) => void): void {
    answer(this.#sessions.count(), done)
  }

  clear(done?: Done): void {
    answer(this.#sessions.clear(), done)
  }

  regenerate(request: object, done: (error?: unknown) => unknown): void {
    this.destroy((request as SessionRequest).sessionID, (error) => {
      this.generate(request)
      done(error)
    })
  }

  load<S>(id: string, done: (error: unknown, session?: S) => unknown): void {
    this.get<object>(id, (error, data) => {
      if (error || !data) return void done(error)
      done(undefined, this.createSession<S>({ sessionID: id, sessionStore: this }, data))
    })
  }

  /** Makes what was stored a session of the request. */
  createSession<S>(request: object, data: object): S {
    const { Session, cookie: prototype } = this.#classesOf(request)
    const { cookie: stored = {} } = data as { cookie?: SessionCookie }
    const { expires, originalMaxAge = null } = stored
    const cookie: object = Object.create(prototype)
    Object.assign(cookie, { path: '/', httpOnly: true }, stored, {
      expires: expires ? new Date(expires) : null,
    })
    // Setting `expires` has changed it.
    Object.assign(cookie, { originalMaxAge })
    const session = new Session(request, { ...data, cookie })
    ;(request as SessionRequest).session = session
    return session as S
  }

  /** This package does not import express-session: it takes them from a session that express-session makes. */
  #classesOf(request: object): SessionClasses {
    if (this.#classes) return this.#classes
    const probe: { session?: { readonly cookie: object } } = Object.create(request)
    this.generate(probe)
    if (!probe.session) throw new Error('express-session made no session')
    this.#classes = {
      Session: probe.session.constructor as SessionClasses['Session'],
      cookie: Object.getPrototypeOf(probe.session.cookie),
    }
    return this.#classes
  }

  async #all(): Promise<object[]> {
    const all: object[] = []
    for await (const [id, session] of this.#sessions.entries()) all.push({ ...session, id })
    return all
  }
}

/**
 * A session store as a `Store` of express-session, also for `@fastify/session`. Their middleware makes the ids and puts only the
 * signed id into the cookie.
 * @param sessions made by `createSessionStore`. `userOf` gets the whole session.
 * @throws CacheError `LARDER_CONFIG` for anything else.
 * @example
 * ```ts no-check
 * import session from 'express-session'
 * import { createSessionStore, expressSessionStore } from '@larder/structures'
 *
 * const sessions = createSessionStore(client, { ttl: '1d', userOf: (data) => data.userId })
 * app.use(session({ store: expressSessionStore(sessions), secret, resave: false, saveUninitialized: false }))
 * ```
 */
export function expressSessionStore<Data extends object>(sessions: SessionStore<Data>): ExpressSessionStore {
  if (typeof sessions?.regenerate !== 'function')
    throw new CacheError(
      'LARDER_CONFIG',
      `expressSessionStore got ${show(sessions)}: give what createSessionStore returned`,
    )
  return new ExpressSessionStore(sessions as unknown as SessionStore<object>)
}

/** Milliseconds until the cookie expires; undefined if it does not say. */
function lifeOf(session: object): number | undefined {
  const { expires } = (session as { cookie?: SessionCookie }).cookie ?? {}
  if (!expires) return undefined
  const ttl = new Date(expires).getTime() - Date.now()
  return Number.isFinite(ttl) ? Math.max(0, Math.ceil(ttl)) : undefined
}

async function emptied(work: Promise<unknown>): Promise<void> {
  await work
}

/** Calls back outside of the promise, so that an error of the callback is the caller's. */
function answer<T>(work: Promise<T>, done?: (error?: unknown, result?: T) => void): void {
  work.then(
    (result) => done && process.nextTick(done, undefined, result),
    (error: unknown) => done && process.nextTick(done, error),
  )
}
