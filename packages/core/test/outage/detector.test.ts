import { describe, expect, it } from 'vitest'
import { createOutageDetector } from '../../src/outage/detector.ts'
import { LIBSQL, MYSQL, NETWORK, NODE_POSTGRES, POSTGRES } from '../../src/outage/signs.ts'

const isUnreachable = createOutageDetector([...NETWORK, ...POSTGRES, ...NODE_POSTGRES, ...MYSQL, ...LIBSQL])

const error = (message: string, parts: object = {}): Error => Object.assign(new Error(message), parts)
const failures = (...errors: readonly Error[]): Error => new AggregateError(errors, 'every address failed')
const wrapped = (cause: unknown, times: number): unknown =>
  times === 0 ? cause : wrapped(new Error('Failed query', { cause }), times - 1)

describe('an error shows that the database is unreachable', () => {
  it('if it has a network error code of Node, by itself or in a wrapped error', () => {
    const refused = error('connect ECONNREFUSED', { code: 'ECONNREFUSED', errno: -111, syscall: 'connect' })
    for (const times of [0, 1, 3]) expect(isUnreachable(wrapped(refused, times))).toBe(true)
  })

  it('if a Unix socket is missing, but not for any other missing file', () => {
    expect(isUnreachable(error('connect ENOENT /run/.s.PGSQL.5432', { code: 'ENOENT' }))).toBe(true)
    expect(isUnreachable(error('ENOENT: no such file, open ca.pem', { code: 'ENOENT' }))).toBe(false)
  })

  it('if the attempt for each address of a host failed', () => {
    const refused = error('connect ECONNREFUSED', { code: 'ECONNREFUSED' })
    const other = error('no permission', { code: 'EACCES' })
    expect(isUnreachable(failures(refused, refused))).toBe(true)
    expect(isUnreachable(failures(refused, other))).toBe(false)
    expect(isUnreachable(failures())).toBe(false)
  })

  it('if its SQLSTATE says that the server ends the connection', () => {
    for (const code of ['08006', '08P01', '53300', '57P01', '57P02', '57P03'])
      expect(isUnreachable(error('going away', { code, severity: 'FATAL' })), code).toBe(true)
  })

  it('if it has a MySQL error number that the driver does not name', () => {
    expect(isUnreachable(error('max_statement_time exceeded', { errno: 1969, sqlState: '70100' }))).toBe(true)
  })

  it('if it is the error of a driver adapter inside a Prisma error', () => {
    const cause = { kind: 'postgres', code: '57P01', originalCode: '57P01', severity: 'FATAL' }
    const meta = { driverAdapterError: error('going away', { name: 'DriverAdapterError', cause }) }
    expect(isUnreachable(error('Raw query failed', { code: 'P2010', meta }))).toBe(true)
  })

  it('if it has the HTTP status of a gateway that does not reach its server', () => {
    for (const status of [502, 503, 504]) expect(isUnreachable(error('', { status }))).toBe(true)
    for (const status of [400, 401, 404, 429, 500])
      expect(isUnreachable(error('', { status })), `${status}`).toBe(false)
  })

  it('if it has the text of a driver that sets no code', () => {
    const lost = new Error('Connection terminated unexpectedly')
    expect(isUnreachable(lost)).toBe(true)
    expect(isUnreachable(new Error('Connection terminated due to connection timeout', { cause: lost }))).toBe(
      true,
    )
  })
})

describe('an error does not show that the database is unreachable', () => {
  it('if it has the same SQLSTATE but only the statement failed', () => {
    // node-postgres: "bind message supplies 0 parameters, but prepared statement requires 1".
    for (const code of ['08P01', '08001', '57P01'])
      expect(isUnreachable(error('made up', { code, severity: 'ERROR' })), code).toBe(false)
  })

  it('if the text of a lost connection comes with a code, because a user may have chosen it', () => {
    const message = 'Connection terminated unexpectedly'
    expect(isUnreachable(error(message, { code: 'P0001', severity: 'ERROR' }))).toBe(false)
    expect(isUnreachable(error(message, { cause: { kind: 'postgres', code: 'P0001' } }))).toBe(false)
    expect(isUnreachable(new Error(`${message}, says the user`))).toBe(false)
  })

  it('if a statement was canceled, except by the time limit of the server', () => {
    const canceled = (why: string) => error(`canceling statement due to ${why}`, { code: '57014' })
    expect(isUnreachable(canceled('statement timeout'))).toBe(true)
    expect(isUnreachable(canceled('user request'))).toBe(false)
  })

  it('if it is not an Error', () => {
    for (const value of [undefined, null, 0, '', 'ECONNREFUSED', Symbol('x'), () => {}, [], {}, true])
      expect(isUnreachable(value)).toBe(false)
  })

  it('if its cause is wrapped more often than any driver does', () => {
    expect(isUnreachable(wrapped(error('', { code: 'ECONNREFUSED' }), 100))).toBe(false)
  })
})

describe('an unusual error', () => {
  it('with a cycle of causes does not show an outage', () => {
    const first = error('one')
    first.cause = error('other', {
      cause: first,
      errors: [first, first],
      meta: { driverAdapterError: first },
    })
    expect(isUnreachable(first)).toBe(false)
  })

  it('that throws when it is read does not show an outage', () => {
    const hostile = new Proxy(new Error('x'), {
      get() {
        throw new Error('do not touch')
      },
    })
    expect(isUnreachable(hostile)).toBe(false)
  })
})
