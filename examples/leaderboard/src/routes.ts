import type { Leaderboard } from '@larder/structures'
import type { FastifyInstance } from 'fastify'
import type { Database } from './database.ts'
import type { Recovery } from './recovery.ts'
import { bestOfDay } from './reports.ts'

/** Types are exact, so a number in a URL is text until its handler converts it. */
export const formats = {
  // PostgreSQL stores neither NUL nor half of a surrogate pair. A single such name would stop the archive.
  printable: /^[^\p{Cc}\p{Cs}]+$/u,
  'one-to-100': /^([1-9]\d?|100)$/,
}
const player = { type: 'string', format: 'printable', maxLength: 100 } as const
const score = {
  type: 'object',
  additionalProperties: false,
  required: ['player', 'points'],
  properties: { player, points: { type: 'number' } },
} as const
const onePlayer = { type: 'object', properties: { player } } as const
const top = {
  type: 'object',
  properties: { n: { type: 'string', format: 'one-to-100', default: '100' } },
} as const
// The first and the last years of the format are beyond what a timestamp can be compared with.
const oneDay = {
  type: 'object',
  properties: { day: { type: 'string', format: 'date', pattern: '^[12]\\d{3}-' } },
} as const
const NEIGHBOURS = 3

export interface RoutesOptions {
  readonly board: Leaderboard
  readonly recovery: Recovery
  readonly db: Database
}

/** The board lives in Valkey alone: while that does not answer, these requests get 503, and reports go on. */
export function addRoutes(app: FastifyInstance, { board, recovery, db }: RoutesOptions): void {
  app.post<{ Body: { player: string; points: number } }>(
    '/scores',
    { schema: { body: score } },
    async ({ body }, reply) => {
      const row = await answered(board.submit(body.player, body.points))
      return reply.code(201).send(row)
    },
  )

  app.get<{ Querystring: { n: string } }>('/top', { schema: { querystring: top } }, async ({ query }) => {
    await answered(recovery.whole())
    return answered(board.top(Number(query.n)))
  })

  app.get<{ Params: { player: string } }>(
    '/players/:player',
    { schema: { params: onePlayer } },
    async ({ params }, reply) => {
      await answered(recovery.whole())
      const around = await answered(board.around(params.player, NEIGHBOURS))
      const row = around.find(({ member }) => member === params.player)
      return row ? { ...row, around } : reply.code(404).send({ message: 'no score in the last 24 hours' })
    },
  )

  app.get<{ Params: { day: string } }>('/reports/:day', { schema: { params: oneDay } }, async ({ params }) =>
    bestOfDay(db, new Date(`${params.day}T00:00:00Z`)),
  )
}

/** Fastify answers with the `statusCode` of an error. */
class BoardUnavailable extends Error {
  readonly statusCode = 503
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    throw new BoardUnavailable('the board is unavailable, try again', { cause })
  }
}
