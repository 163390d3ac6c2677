import { setTimeout as wait } from 'node:timers/promises'
import { startServers } from '@larder/example-servers'
import { createDatabase, postgresUrl, repeatWhenBusy, sized, startServer, until } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  notRefused,
  WRONG_BODIES,
  WRONG_NAMES,
  WRONG_TEXTS,
  withField,
} from '../../../test/support/bad-requests.ts'
import { type Deployment, deploy } from '../../../test/support/deployment.ts'
import { prepareTables } from '../src/prepare-tables.ts'
import * as schema from '../src/schema.ts'
import { createLeaderboardService } from '../src/service.ts'

repeatWhenBusy()

// A window of eight seconds in slices of one second stands for a day.
const WINDOW = 8_000
let { services, pool, valkey, stop } = {} as Deployment
beforeAll(async () => {
  ;({ services, pool, valkey, stop } = await deploy('leaderboard', ['--appendonly', 'yes'], {
    WINDOW: String(WINDOW),
    SLICES: '8',
    ARCHIVE_EVERY: '200',
  }))
})
afterAll(() => stop())

interface Row {
  readonly member: string
  readonly score: number
  readonly rank: number
}

async function submit(player: string, points: number, at = 0): Promise<number> {
  const response = await fetch(`${services[at]?.url}/scores`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ player, points }),
  })
  await response.text()
  return response.status
}

async function get<T>(path: string, at = 0): Promise<{ status: number; body: T }> {
  const response = await fetch(`${services[at]?.url}${path}`)
  return { status: response.status, body: (await response.json()) as T }
}

const top = async (at = 0): Promise<readonly string[]> =>
  (await get<Row[]>('/top', at)).body.map(({ member, score }) => `${member} ${score}`)
const archived = async (player: string): Promise<number> =>
  (await pool.query('SELECT count(*)::int AS slices FROM score WHERE player = $1', [player])).rows[0].slices
/** Answers again, in both processes. */
const available = (): Promise<void> =>
  until(async () =>
    (await Promise.all([0, 1].map((at) => get('/top', at)))).every(({ status }) => status === 200),
  )

describe('the leaderboard', () => {
  it('ranks players by their best score, equal scores by arrival, and shows neighbours', async () => {
    for (const [player, points] of [
      ['ada', 50],
      ['bob', 70],
      ['cy', 70],
      ['ada', 90],
      ['bob', 10],
    ] as const)
      expect(await submit(player, points)).toBe(201)
    expect(await top(1)).toEqual(['ada 90', 'bob 70', 'cy 70'])
    const { body } = await get<Row & { around: Row[] }>('/players/cy', 1)
    expect(body).toMatchObject({ rank: 3, score: 70 })
    expect(body.around.map(({ member }) => member)).toEqual(['ada', 'bob', 'cy'])
  })

  it('invalid requests are refused with a message', async () => {
    const score = { player: 'ada', points: 1 }
    const posts = [
      // PostgreSQL would refuse such a name, and with it the whole slice, each time it is archived.
      ...withField(score, 'player', [...WRONG_TEXTS, '']),
      ...withField(score, 'points', ['1', [1], {}, null, true]),
      { ...score, rank: 1 },
    ].map((body) => ({ body }))
    const raws = [...WRONG_BODIES, '{"player":"ada","points":1e400}'].map((raw) => ({ raw }))
    const days = ['today', '2026-02-30', '2026-1-1', '0000-01-01', '9999-12-31', '%00', '']
    const gets = [
      ...WRONG_NAMES.map((name) => `/players/${name}`),
      '/players/nobody',
      ...['0', '101', '-1', '1.5', 'x', '', '%00', '1&n=2'].map((n) => `/top?n=${n}`),
      ...days.map((day) => `/reports/${day}`),
    ].map((path) => ({ method: 'GET', path }) as const)
    expect(
      await notRefused(services[0].url, [
        ...[...posts, ...raws].map((request) => ({ method: 'POST', path: '/scores', ...request }) as const),
        ...gets,
      ]),
    ).toEqual([])
  })

  it('an error of the database is not shown to the client', async () => {
    await pool.query('ALTER TABLE score_slice RENAME TO away')
    const answer = await get('/reports/2025-01-01').finally(() =>
      pool.query('ALTER TABLE away RENAME TO score_slice'),
    )
    expect(answer).toEqual({ status: 500, body: { message: 'internal error' } })
  })

  it('removes scores from the board with the window, and keeps them in the report of the day', async () => {
    await submit('early', 500)
    await until(async () => !(await top()).includes('early 500'), 3 * WINDOW)
    expect(await archived('early')).toBe(1)
    const day = new Date().toISOString().slice(0, 10)
    const { body } = await get<{ player: string; best: number }[]>(`/reports/${day}`, 1)
    expect(body).toContainEqual({ player: 'early', best: 500, slices: 1 })
    // A slice that is archived later is in the next report.
    await submit('later', 400)
    await until(async () => (await archived('later')) === 1)
    const after = await get<{ player: string }[]>(`/reports/${day}`, 1)
    expect(after.body.map(({ player }) => player)).toContain('later')
  })

  it('restores a board that Valkey has lost from the archive, in the same order', async () => {
    for (const player of ['one', 'two', 'three']) await submit(player, 1_000)
    await until(async () => (await archived('three')) === 1)
    const before = (await top()).filter((row) => row.endsWith(' 1000'))
    expect(before).toEqual(['one 1000', 'two 1000', 'three 1000'])
    await valkey.call('FLUSHALL')
    await valkey.restart()
    await available()
    // As long as these scores are within the window.
    const restored = await Promise.all([top(0), top(1)])
    for (const rows of restored) expect(rows.filter((row) => row.endsWith(' 1000'))).toEqual(before)
  })

  it('loses no acknowledged score in a restart of Valkey, and answers 503 while it is unavailable', async () => {
    let accepted = 0
    let [refused, running] = [0, true]
    const unexpected: number[] = []
    const player = async (at: number): Promise<void> => {
      for (let points = 1; running; points++) {
        const status = await submit(`runner-${at}`, points, at)
        if (status === 201) accepted = Math.max(accepted, points)
        else if (status === 503) refused++
        else unexpected.push(status)
        const { status: read } = await get('/top?n=3', at)
        if (read === 503) refused++
        else if (read !== 200) unexpected.push(read)
        await wait(2)
      }
    }
    const players = [player(0), player(1)]
    for (let round = 0; round < sized(1, 5); round++) {
      await wait(300)
      valkey.pause()
      await wait(1_500)
      valkey.resume()
      await available()
      await wait(300)
      await valkey.kill()
      await wait(300)
      // The report comes from SQL: it does not need the board.
      expect((await get('/reports/2026-01-01')).status).toBe(200)
      await valkey.start()
      await available()
    }
    running = false
    await Promise.all(players)
    expect(unexpected).toEqual([])
    expect(refused).toBeGreaterThan(0)
    const best = (await get<Row[]>('/top')).body.filter(({ member }) => member.startsWith('runner-'))
    expect(Math.max(...best.map(({ score }) => score))).toBeGreaterThanOrEqual(accepted)
  })

  it('shows every score in the first read after it, at 500 writes and 100 reads a second', async () => {
    const seconds = sized(1, 20)
    const lags: number[] = []
    const failed: string[] = []
    const sent: Promise<unknown>[] = []
    const began = performance.now()
    const attempt = (request: () => Promise<unknown>): void => {
      sent.push(request().catch((error: unknown) => failed.push(String(error))))
    }
    const write = async (number: number): Promise<void> => {
      const status = await submit(`p${number % 200}`, number, number % 2)
      if (status !== 201) throw new Error(`score: ${status}`)
    }
    const probe = async (number: number): Promise<void> => {
      const start = performance.now()
      const player = `probe-${number}`
      if ((await submit(player, 1_000_000 + number)) !== 201) throw new Error('probe')
      // In the other process, and at the first attempt.
      const { status, body } = await get<Row>(`/players/${player}`, 1)
      if (status !== 200 || body.score !== 1_000_000 + number) throw new Error(`not shown: ${status}`)
      lags.push(performance.now() - start)
    }
    const read = async (at: number): Promise<void> => {
      const { status, body } = await get<Row[]>('/top', at)
      if (status !== 200 || body.length === 0) throw new Error(`top: ${status}`)
    }
    // By the clock and not one after the other: a slow answer must not slow the load down.
    for (let tick = 0; tick < seconds * 50; tick++) {
      for (let each = 0; each < 10; each++) attempt(() => write(tick * 10 + each))
      for (const at of [0, 1]) attempt(() => read(at))
      if (tick % 10 === 0) attempt(() => probe(tick))
      await wait(Math.max(0, began + (tick + 1) * 20 - performance.now()))
    }
    await Promise.all(sent)
    expect(failed).toEqual([])
    expect(lags).toHaveLength(seconds * 5)
    // A short run shares its machine with all other tests: only its own queue is late then.
    expect(Math.max(...lags)).toBeLessThan(sized(5_000, 1_000))
  })
})

describe('a leaderboard on a Valkey that only saves snapshots', () => {
  it('restores from the archive what an old snapshot lacks, and everything after FLUSHALL', async () => {
    const [database, valkey] = await Promise.all([postgresUrl().then(createDatabase), startServer()])
    const servers = await startServers({
      DATABASE_URL: database.url,
      VALKEY_URL: `redis://127.0.0.1:${valkey.port}`,
    })
    await prepareTables(servers)
    const app = await createLeaderboardService({
      client: servers.client(),
      db: servers.drizzle(schema),
      store: servers.store(),
      window: 60_000,
      slices: 60,
      archiveEvery: 100,
    })
    try {
      const submit = async (player: string, points: number): Promise<void> => {
        const { statusCode } = await app.inject({ method: 'POST', url: '/scores', body: { player, points } })
        expect(statusCode).toBe(201)
      }
      const top = async (): Promise<readonly string[]> => {
        const response = await app.inject('/top')
        return response.statusCode === 200
          ? response.json<Row[]>().map(({ member, score }) => `${member} ${score}`)
          : []
      }
      const archived = async (player: string): Promise<boolean> =>
        (await servers.query(`SELECT 1 FROM score WHERE player = '${player}'`)).length > 0
      const known = ['late 500', 'later 500', 'early 10']

      await submit('early', 10)
      await until(() => archived('early'))
      // A slice that closed before the snapshot is not read again. This one is in the archive alone, so that it would show.
      await servers.runScript(`
        INSERT INTO score_slice VALUES ('planted', now() - interval '30s', now() - interval '20s');
        INSERT INTO score SELECT id, 'planted', 900, 1000 * extract(epoch FROM starts_at) FROM score_slice WHERE id = 'planted'`)
      await valkey.call('SAVE')
      await submit('late', 500)
      await submit('later', 500)
      await until(() => archived('later'))
      await valkey.restart()
      await until(async () => (await top()).includes('late 500'))
      expect(await top()).toEqual(known)

      // Nothing restarts, nothing connects again.
      await valkey.call('FLUSHALL')
      await until(async () => (await top()).includes('early 10'))
      expect(await top()).toEqual(['planted 900', ...known])
    } finally {
      await app.close()
      await servers.stop()
      await valkey.stop()
      await database.drop()
    }
  })
})
