import { setTimeout as wait } from 'node:timers/promises'
import {
  createMigratedDatabase,
  FRESH,
  repeatWhenBusy,
  sized,
  sweep,
  until,
  valkeyUrl,
} from '@larder/testing'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { HerdAnswer, HerdAsk } from './herd-member.ts'
import { type Member, startMember } from './members.ts'

repeatWhenBusy()

// Processes over one Valkey and one PostgreSQL that miss the same key. The database counts the queries itself.

const HOSTS = ['prisma', 'drizzle'] as const
const JOIN_TIMEOUT = 5_000
/** For a machine that is busy with something else. */
const SLACK = 5_000
/** The default lifetime of a lease that is not renewed. */
const LEASE = 2_000

/** How many processes miss at once. */
const HERD = sized(4, 8)
/** How many reads of each process. */
const READS = sized(250, 1_000)

type HerdMember = Member<HerdAsk, HerdAnswer>

/** Selects from this view are counted, and last as long as the test says. */
const COUNTING = `
  ALTER TABLE inventory_stock RENAME TO stock_rows;
  CREATE SEQUENCE queries;
  CREATE TABLE pace (seconds double precision);
  INSERT INTO pace VALUES (0);
  CREATE FUNCTION counted() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
      IF current_query() ~* '^\\s*select' THEN
        PERFORM nextval('queries');
        PERFORM pg_sleep(seconds) FROM pace;
      END IF;
      RETURN true;
    END $$;
  CREATE VIEW inventory_stock AS SELECT * FROM stock_rows WHERE counted();
`

let pool: pg.Pool
let drop: () => Promise<void>
let connection: string
let rows = 0
/** Processes that no test has stopped. Tests share them: most of the time goes into their start. */
let crew: HerdMember[] = []

beforeAll(async () => {
  const database = await createMigratedDatabase()
  drop = database.drop
  connection = database.url
  pool = new pg.Pool({ connectionString: connection, max: 2 })
  pool.on('error', () => {})
  await pool.query(COUNTING)
})
afterAll(async () => {
  await pool.end()
  await drop()
})

/** A row that no test has read. Made when asked for: a busy machine repeats rounds and tests. */
async function nextRow(): Promise<number> {
  rows++
  await pool.query(
    `INSERT INTO stock_rows (id, sku, warehouse, version, updated_at) VALUES ($1, $2, 'w', 1, now())`,
    [rows, `s${rows}`],
  )
  return rows
}

async function start(host: string, count: number): Promise<readonly HerdMember[]> {
  const parameters = [connection, await valkeyUrl(), `herds-${process.pid}-${host}`, host]
  const absent = Math.max(0, count - crew.length)
  crew.push(
    ...(await Promise.all(
      Array.from({ length: absent }, () => startMember<HerdAsk, HerdAnswer>('herd-member.ts', parameters)),
    )),
  )
  await pace(0)
  await pool.query(`ALTER SEQUENCE queries RESTART`)
  return crew.slice(0, count)
}

async function kill(member: HerdMember): Promise<void> {
  crew = crew.filter((one) => one !== member)
  await member.kill('SIGKILL')
}

const killAll = async (): Promise<void> => void (await Promise.all([...crew].map(kill)))

/** Queries of the row so far, as the database has counted them. */
async function queries(): Promise<number> {
  const { rows } = await pool.query('SELECT last_value, is_called FROM queries')
  return rows[0].is_called ? Number(rows[0].last_value) : 0
}

const pace = (seconds: number): Promise<unknown> => pool.query('UPDATE pace SET seconds = $1', [seconds])

/** On a busy machine a process may give up on the store, or on those who load, and run a query of its own: that proves nothing. */
const gaveUp = ({ disturbed, loads, took }: HerdAnswer): boolean =>
  disturbed || took > JOIN_TIMEOUT || loads.includes('unavailable')

describe.each(sweep(HOSTS))("with singleFlight: 'cluster' through %s", (host) => {
  afterAll(killAll)
  // Those that a failed test has left may be stopped.
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await killAll()
  })

  it(`${HERD} processes with ${READS} concurrent misses each run one query`, async () => {
    const herd = await start(host, HERD)
    let undisturbed = 0
    for (let round = 1; round <= 20 && undisturbed < sized(round > 6 ? 1 : 2, 10); round++) {
      const id = await nextRow()
      // A slow query, and one that ends before the last process has asked.
      await pace(round % 2 ? 0.5 : 0)
      const before = await queries()
      const answers = await Promise.all(herd.map((member) => member.ask({ herd: READS, id })))
      expect(
        answers.map(({ versions }) => versions),
        FRESH,
      ).toEqual(herd.map(() => [1]))
      const ran = (await queries()) - before
      if (answers.some(gaveUp)) continue
      undisturbed++
      expect([ran, answers.flatMap(({ loads }) => loads)]).toEqual([1, ['miss']])
    }
    expect(undisturbed).toBeGreaterThan(0)
  })

  it('a lease holder killed while its query runs costs one more query', async () => {
    for (let round = 1; ; round++) {
      const id = await nextRow()
      const [holder, ...others] = (await start(host, 4)) as [HerdMember, ...HerdMember[]]
      await pace(1.5)
      const killed = holder.ask({ herd: 10, id }).catch(() => {})
      await until(async () => (await queries()) === 1)
      const herd = others.map((member) => member.ask({ herd: READS, id }))
      await wait(300)
      await kill(holder)
      await killed
      const answers = await Promise.all(herd)
      expect(
        answers.map(({ versions }) => versions),
        FRESH,
      ).toEqual(Array(3).fill([1]))
      const disturbed = answers.filter(gaveUp).length
      expect(await queries()).toBeLessThanOrEqual(2 + disturbed)
      // The lease of the holder runs out, then one of the others loads.
      for (const { took } of answers) expect(took).toBeLessThan(LEASE + 1_500 + SLACK)
      if (disturbed === 0 || round === 3) break
    }
  })

  it('a paused lease holder delays no reader longer than the join timeout', async () => {
    const [holder, ...others] = (await start(host, 3)) as [HerdMember, ...HerdMember[]]
    const id = await nextRow()
    await pace(1)
    const paused = holder.ask({ herd: 10, id })
    await until(async () => (await queries()) === 1)
    await holder.signal('SIGSTOP')
    await pace(0)
    const answers = await Promise.all(others.map((member) => member.ask({ herd: READS, id })))
    for (const { took, versions } of answers) {
      expect(took).toBeLessThan(JOIN_TIMEOUT + SLACK)
      expect(versions).toEqual([1])
    }
    expect(await queries()).toBeLessThanOrEqual(2 + answers.filter(gaveUp).length)
    await holder.signal('SIGCONT')
    expect((await paused).versions, FRESH).toEqual([1])
  })

  it('waiting readers see a write that another process finished meanwhile', async () => {
    const [holder, waiter, writer] = (await start(host, 3)) as [HerdMember, HerdMember, HerdMember]
    const id = await nextRow()
    await pace(1.5)
    const early = holder.ask({ herd: 10, id })
    await until(async () => (await queries()) === 1)
    const waiting = waiter.ask({ herd: 100, id })
    await wait(200)
    await pace(0)
    await writer.ask({ raise: id })
    // Begun after the write: it does not wait for the load that began before.
    const late = await writer.ask({ herd: 10, id })
    expect(late.versions, FRESH).toEqual([2])
    if (!gaveUp(late)) expect(late.took).toBeLessThan(1_000)
    expect((await early).versions, FRESH).toEqual([1])
    const waited = await waiting
    // Its reads began before the write. One that gave up on the others may have run its own query before the write, too.
    const allowed = gaveUp(waited) ? [1, 2] : [2]
    for (const version of waited.versions) expect(allowed).toContain(version)
    // The one before the write, and one after it: the waiters and the writer shared that.
    expect(await queries()).toBeLessThanOrEqual(3 + [late, waited].filter(gaveUp).length)
    expect((await holder.ask({ herd: 10, id })).versions, FRESH).toEqual([2])
  })
})
