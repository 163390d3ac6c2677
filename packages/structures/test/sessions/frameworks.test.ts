import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import { createSessionStore, expressSessionStore } from '@larder/structures'
import { repeatWhenBusy } from '@larder/testing'
import express from 'express'
import session from 'express-session'
import fastify, { type FastifyInstance } from 'fastify'
import type { Redis } from 'iovalkey'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedClient, unique } from '../support/clients.ts'

repeatWhenBusy()

interface Data {
  userId?: string
  visits?: number
}
declare module 'express-session' {
  interface SessionData extends Data {}
}
declare module 'fastify' {
  interface Session extends Data {}
}

const SECRET = 'a secret of at least thirty-two characters'
let client: Redis
beforeAll(async () => {
  client = await sharedClient()
})
afterAll(() => client.disconnect())

const storeOf = (ttl: number) =>
  createSessionStore<Data>(client, { prefix: unique(), ttl, userOf: ({ userId }) => userId })
type Sessions = ReturnType<typeof storeOf>

/** The same small site in both frameworks: visits are counted, login moves the session to a new id, logout ends it. */
interface Site {
  readonly url: string
  close(): Promise<void>
}

async function withExpress(sessions: Sessions, maxAge: number): Promise<Site> {
  const app = express()
  app.use(
    session({
      store: expressSessionStore(sessions),
      secret: SECRET,
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge, secure: 'auto' },
    }),
  )
  app.get('/', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1
    response.json({ visits: request.session.visits, userId: request.session.userId })
  })
  app.get('/peek', (request, response) => {
    response.json({ visits: request.session.visits ?? 0 })
  })
  app.get('/login', (request, response, next) => {
    const { visits = 0 } = request.session
    request.session.regenerate((error) => {
      if (error) return next(error)
      Object.assign(request.session, { visits, userId: 'ada' })
      response.json({})
    })
  })
  app.get('/logout', (request, response, next) => {
    request.session.destroy((error) => (error ? next(error) : response.json({})))
  })
  const server: Server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function withFastify(sessions: Sessions, maxAge: number): Promise<Site> {
  const app: FastifyInstance = fastify()
  await app.register(fastifyCookie)
  await app.register(fastifySession, {
    store: expressSessionStore(sessions),
    secret: SECRET,
    saveUninitialized: false,
    cookie: { maxAge, secure: false },
  })
  app.get('/', async ({ session }) => {
    session.visits = (session.visits ?? 0) + 1
    return { visits: session.visits, userId: session.userId }
  })
  app.get('/peek', async ({ session }) => ({ visits: session.visits ?? 0 }))
  app.get('/login', async (request) => {
    await request.session.regenerate(['visits'])
    request.session.userId = 'ada'
    return {}
  })
  app.get('/logout', async ({ session }) => {
    await session.destroy()
    return {}
  })
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
}

/** A browser with one cookie. */
function browser(url: string) {
  let cookie = ''
  return {
    get cookie() {
      return cookie
    },
    set cookie(value) {
      cookie = value
    },
    async get(path: string): Promise<Data> {
      const response = await fetch(url + path, { headers: { cookie } })
      const [setCookie] = response.headers.getSetCookie()
      if (setCookie) cookie = setCookie.split(';')[0] ?? ''
      expect(response.status).toBe(200)
      return (await response.json()) as Data
    },
  }
}

describe.each([
  ['express-session', withExpress],
  ['@fastify/session', withFastify],
])('%s', (_, open) => {
  it('keeps a session from visit to login to logout, with only its id in the cookie', async () => {
    const sessions = storeOf(60_000)
    const site = await open(sessions, 60_000)
    try {
      const page = browser(site.url)
      expect(await page.get('/')).toEqual({ visits: 1 })
      const before = page.cookie
      expect(decodeURIComponent(before)).toMatch(/^[\w.-]+=(s:)?[\w-]{20,}\.[\w+/=-]{40,}$/)
      expect(await page.get('/')).toEqual({ visits: 2 })
      await page.get('/login')
      expect(page.cookie).not.toBe(before)
      expect(await page.get('/')).toEqual({ visits: 3, userId: 'ada' })

      const fixated = browser(site.url)
      fixated.cookie = before
      expect(await fixated.get('/peek')).toEqual({ visits: 0 })

      const phone = browser(site.url)
      await phone.get('/login')
      await phone.get('/')
      expect(await sessions.count()).toBe(2)
      await phone.get('/logout')
      expect(await sessions.count()).toBe(1)
      expect(await sessions.destroyAll({ userId: 'ada' })).toBe(1)
      expect(await page.get('/peek')).toEqual({ visits: 0 })
    } finally {
      await site.close()
    }
  })

  it('a session lives as long as its cookie, and use extends both', async () => {
    const sessions = storeOf(60_000)
    const site = await open(sessions, 1_500)
    try {
      const [used, unused] = [browser(site.url), browser(site.url)]
      await used.get('/')
      await unused.get('/')
      const cookie = used.cookie
      const began = performance.now()
      while (performance.now() < began + 2_500) {
        used.cookie = cookie
        expect((await used.get('/')).visits).toBeGreaterThan(1)
      }
      expect(await unused.get('/peek')).toEqual({ visits: 0 })
    } finally {
      await site.close()
    }
  })
})

it('all, length, clear and load behave as express-session specifies', async () => {
  const sessions = storeOf(60_000)
  const store = expressSessionStore(sessions)
  const call = <T>(run: (done: (error?: unknown, result?: T) => void) => void): Promise<T | undefined> =>
    new Promise((resolve, reject) => run((error, result) => (error ? reject(error) : resolve(result))))
  const cookie = { originalMaxAge: null, expires: null }
  await call<void>((done) => store.set('one', { cookie, visits: 1 }, done))
  await call<void>((done) => store.set('two', { cookie, visits: 2 }, done))
  expect(await call<number>((done) => store.length(done))).toBe(2)
  const all = (await call<Data & { id: string }>((done) => store.all(done as never))) as unknown as Data[]
  expect(all).toEqual(
    expect.arrayContaining([
      { id: 'one', cookie, visits: 1 },
      { id: 'two', cookie, visits: 2 },
    ]),
  )
  expect(await call((done) => store.load('three', done))).toBeUndefined()
  session({ store, secret: SECRET, resave: false, saveUninitialized: false })
  const loaded = (await call((done) => store.load('one', done))) as session.Session & Data
  expect([loaded.id, loaded.visits, loaded.cookie.maxAge]).toEqual(['one', 1, null])
  await call<void>((done) => store.clear(done))
  expect(await sessions.count()).toBe(0)
  expect(await call((done) => store.get('one', done))).toBeNull()
})
