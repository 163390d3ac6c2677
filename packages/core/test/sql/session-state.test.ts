import { describe, expect, it } from 'vitest'
import { altersSession } from '../../src/sql/session-state.ts'

describe('a statement that changes the meaning of later statements', () => {
  it.each([
    'SET search_path = tenant_2',
    'set session search_path to tenant_2',
    "SET TIME ZONE 'Europe/Paris'",
    'SET ROLE reader',
    "SET SESSION AUTHORIZATION 'reader'",
    "SET app.tenant = '2'",
    'SELECT 1; SET search_path = tenant_2',
    "SELECT set_config('app.tenant', $1, false)",
    "SELECT set_config('app.tenant', $1, $2)",
  ])('%s', (text) => expect(altersSession(text, 'postgres')).toBe(true))
  it.each(['USE other', 'SET NAMES utf8mb4', "SET time_zone = '+00:00'", 'SET @@session.sql_mode = 1'])(
    'MySQL: %s',
    (text) => expect(altersSession(text, 'mysql')).toBe(true),
  )
})

describe('a statement that does not change the meaning of later statements', () => {
  it.each([
    'SELECT 1',
    'SELECT a AS set FROM t',
    'UPDATE t SET search_path = 1',
    'SET LOCAL search_path = tenant_2',
    "SELECT set_config('app.tenant', $1, true)",
    "SET statement_timeout = '5s'",
    'SET SESSION lock_timeout TO 100',
    'SET enable_seqscan = off',
    'SET CONSTRAINTS ALL DEFERRED',
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
    'RESET ALL',
    'DISCARD ALL',
    "SELECT 'SET search_path = x'",
  ])('%s', (text) => expect(altersSession(text, 'postgres')).toBe(false))
  it.each(['SET @rank = 0', 'SET autocommit = 0', 'SET SESSION max_execution_time = 5'])(
    'MySQL: %s',
    (text) => expect(altersSession(text, 'mysql')).toBe(false),
  )
})
