import type { Prisma, PrismaClient } from '../../../../prisma/generated/client/client.ts'
import type { Statement, Step } from './program.ts'

/** A client with or without the cache. */
export type AnyClient = Pick<
  PrismaClient,
  'setting' | '$executeRaw' | '$executeRawUnsafe' | '$queryRaw' | '$transaction'
>
type Declare = (client: AnyClient) => AnyClient

class Thrown extends Error {}

/**
 * Runs a program and says how each of its statements ended.
 * @param declare gives the client whose raw writes are declared.
 */
export async function runProgram(
  client: AnyClient,
  declare: Declare,
  program: readonly Step[],
): Promise<readonly string[]> {
  const ends: string[] = []
  const runStatement = (on: AnyClient, statement: Statement) => call(on, declare, statement)
  const settle = async (statement: Statement, result: PromiseLike<unknown>): Promise<void> => {
    const ended = await Promise.resolve(result).then(
      (value) => `is ${JSON.stringify(value)}`,
      (error: { code?: string }) => `rejects ${error.code}`,
    )
    ends.push(`${statement.kind} ${statement.number} ${ended}`)
  }
  const take = async (on: AnyClient, step: Step, started: Promise<void>[]): Promise<void> => {
    switch (step.kind) {
      case 'throw':
        throw new Thrown()
      case 'start':
        started.push(settle(step.statement, runStatement(on, step.statement)))
        return
      case 'await':
        return settle(step.statement, runStatement(on, step.statement))
      case 'together':
        await Promise.all(step.statements.map((statement) => settle(statement, runStatement(on, statement))))
        return
      case 'array':
        await on.$transaction(step.statements.map((statement) => runStatement(on, statement)))
        return
      default:
        return inside(on, step.steps, started)
    }
  }
  const steps = async (on: AnyClient, list: readonly Step[], started: Promise<void>[]): Promise<void> => {
    for (const step of list) await take(on, step, started)
  }
  const inside = async (on: AnyClient, list: readonly Step[], started: Promise<void>[]): Promise<void> => {
    try {
      await on.$transaction((tx) => steps(tx as AnyClient, list, started))
    } catch (error) {
      if (!(error instanceof Thrown)) throw error
    }
  }
  const started: Promise<void>[] = []
  for (const step of program) {
    await steps(client, [step], started)
    await Promise.all(started)
  }
  return ends.sort()
}

function call(on: AnyClient, declare: Declare, statement: Statement): Prisma.PrismaPromise<unknown> {
  const { row, number } = statement
  const where = { id: row }
  const value = String(number)
  switch (statement.kind) {
    case 'update':
      return on.setting.update({ where, data: { value } })
    case 'raw':
      return on.$executeRaw`UPDATE app_setting SET value = ${value} WHERE id = ${row}`
    case 'declared':
      return declare(on).$executeRaw`UPDATE app_setting SET value = ${value} WHERE id = ${row}`
    case 'unsafe':
      return on.$executeRawUnsafe(`UPDATE app_setting SET value = '${value}' WHERE id = '${row}'`)
    case 'find':
      return on.setting.findFirst({ where: { ...where, value: { not: `${value}!` } } })
    case 'unique':
      return on.setting.findUnique({ where })
    case 'select':
      return on.$queryRaw`SELECT value FROM app_setting WHERE id = ${row}`
  }
}
