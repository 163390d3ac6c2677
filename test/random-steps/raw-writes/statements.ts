import type { Random } from '../../support/random.ts'

/** A table that random raw SQL writes. */
export interface RawTable {
  /** As the database has it. */
  readonly name: string
  readonly id: string
  /** A column of text that any text may be in. */
  readonly text: string
  /** Columns and values of a new row, `n` a number to be told by. */
  readonly row: (n: number) => string
}

/** A random text, and what sort it is. */
export interface RawText {
  readonly sort: string
  readonly sql: string
}

/** What the texts need besides the tables: views without a declaration, and a function that writes the first table. */
export function ddlFor(tables: readonly RawTable[]): readonly string[] {
  const [first] = tables as readonly [RawTable]
  return [
    ...tables.map((table) => `CREATE VIEW "seen ${table.name}" AS SELECT * FROM "${table.name}"`),
    `CREATE FUNCTION rewrite(n int) RETURNS int LANGUAGE sql AS
       $$ UPDATE "${first.name}" SET "${first.text}" = 'f' || n WHERE "${first.id}" = n % 5; SELECT n $$`,
  ]
}

/**
 * One or several statements that write, in any of the forms and spellings that SQL has.
 * @param rare share of those whose tables the parser does not tell.
 */
export function randomText(random: Random, tables: readonly RawTable[], rare = 0.15): RawText {
  const forms = Object.entries(FORMS)
  const [sort, make] = random.pick(random.chance(rare) ? Object.entries(RARE) : forms)
  const statement = make(random, () => random.pick(tables), tables)
  return { sort, sql: random.chance(0.2) ? noisy(random, statement) : statement }
}

type Form = (random: Random, table: () => RawTable, tables: readonly RawTable[]) => string

/** The name of a table, in a spelling that means the same. */
function ref({ pick }: Random, { name }: RawTable): string {
  const quoted = `"${name}"`
  const plain = /^[a-z_]+$/.test(name)
    ? [name, name.toUpperCase(), ` ${name}`, `/* DELETE FROM x */ ${name}`]
    : []
  return pick([quoted, `public.${quoted}`, `public . ${quoted}`, ...plain])
}

function value({ pick, int }: Random): string {
  const n = int(1, 9)
  return pick([
    `'v${n}'`,
    `'DELETE FROM "Seat"; --${n}'`,
    `$$UPDATE app_user ${n}$$`,
    `$q$'$$ ${n}$q$`,
    `upper('v${n}')`,
    `concat('v', ${n}::text)`,
    `(SELECT coalesce(max('m'), 'n') || '${n}')`,
  ])
}

const id = ({ int }: Random): number => int(1, 5)

function update(random: Random, table: RawTable): string {
  const only = random.chance(0.3) ? 'ONLY ' : ''
  return `UPDATE ${only}${ref(random, table)} SET "${table.text}" = ${value(random)} WHERE "${table.id}" = ${id(random)}`
}

function insert(random: Random, table: RawTable): string {
  return `INSERT INTO ${ref(random, table)} ${table.row(random.int(1_000, 9_999))} ON CONFLICT DO NOTHING`
}

function remove(random: Random, table: RawTable): string {
  return `DELETE FROM ${ref(random, table)} WHERE "${table.id}" = ${random.chance(0.6) ? random.int(1_000, 9_999) : id(random)}`
}

const simple = (random: Random, table: () => RawTable): string =>
  random.pick([update, update, insert, remove])(random, table())

const FORMS: Readonly<Record<string, Form>> = {
  update: (random, table) => update(random, table()),
  'update, aliased, from another': (random, table) => {
    const [first, second] = [table(), table()]
    return `UPDATE ${ref(random, first)} AS z SET "${first.text}" = ${value(random)}
      FROM ${ref(random, second)} y WHERE z."${first.id}" = y."${second.id}" AND y."${second.id}" <= ${id(random)}`
  },
  insert: (random, table) => insert(random, table()),
  'insert or update': (random, table) => {
    const target = table()
    return `INSERT INTO ${ref(random, target)} AS z SELECT * FROM ${ref(random, target)} WHERE "${target.id}" = ${id(random)}
      ON CONFLICT ("${target.id}") DO UPDATE SET "${target.text}" = ${value(random)} WHERE z."${target.id}" > 0 RETURNING *`
  },
  // Without it a world in which much is deleted soon is empty.
  'rows for every table': (random, _, tables) => tables.map((table) => insert(random, table)).join('; '),
  delete: (random, table) => remove(random, table()),
  'delete using another': (random, table) => {
    const [first, second] = [table(), table()]
    return `DELETE FROM ${ref(random, first)} z USING ${ref(random, second)} y
      WHERE z."${first.id}" = y."${second.id}" AND y."${second.id}" = ${random.pick([id(random), 1_000])}`
  },
  'a CTE that writes under a write': (random, table) => {
    const [first, second] = [table(), table()]
    return `WITH x AS (${update(random, first)} RETURNING "${first.id}" AS n) UPDATE ${ref(random, second)} z
      SET "${second.text}" = ${value(random)} FROM x WHERE z."${second.id}" = x.n`
  },
  'a CTE that writes under a read': (random, table) => {
    const target = table()
    return `WITH x AS MATERIALIZED (${update(random, target)} RETURNING *), y AS (${simple(random, table)}) SELECT * FROM x`
  },
  merge: (random, table) => {
    const [first, second] = [table(), table()]
    const matched = random.chance(0.8) ? `UPDATE SET "${first.text}" = ${value(random)}` : 'DO NOTHING'
    return `MERGE INTO ${ref(random, first)} z USING (SELECT * FROM ${ref(random, second)}) y
      ON z."${first.id}" = y."${second.id}" AND y."${second.id}" = ${id(random)} WHEN MATCHED THEN ${matched}`
  },
  'several statements': (random, table) =>
    Array.from({ length: random.int(2, 3) }, () => simple(random, table)).join(random.pick([';', ' ; \n'])),
  'a transaction in one text': (random, table) =>
    `BEGIN; ${simple(random, table)}; SAVEPOINT a; ${simple(random, table)};
     ${random.chance(0.3) ? 'ROLLBACK TO a; ' : ''}${random.chance(0.8) ? 'COMMIT' : 'ROLLBACK'}`,
  'explain analyze': (random, table) => `EXPLAIN (ANALYZE, COSTS off) ${update(random, table())}`,
}

/** Forms whose tables the parser does not tell. */
const RARE: Readonly<Record<string, Form>> = {
  'through an undeclared view': (random, table) => {
    const target = table()
    return update(random, { ...target, name: `seen ${target.name}` })
  },
  'a function that writes': (random, table) =>
    `${update(random, table())} AND rewrite(${random.int(1, 9)}) > 0 OR rewrite(${id(random)}) < 0`,
  'a DO block': (random, table) => `DO $do$ BEGIN ${update(random, table())}; END $do$`,
  'truncate cascade': (random, table) =>
    `TRUNCATE ${ref(random, table())} CASCADE; ${random.chance(0.5) ? 'SELECT 1 / 0' : 'SELECT 1'}`,
  'made by a query': (random, table) =>
    `DROP TABLE IF EXISTS made; WITH x AS (${update(random, table())} RETURNING 1 AS n) SELECT 1 AS n INTO TEMP made`,
}

function noisy({ pick }: Random, sql: string): string {
  return pick([
    `-- DELETE FROM blog_tags\n${sql}`,
    `  \n\t${sql} ;`,
    `/* /* UPDATE x */ */${sql}`,
    `${sql} -- ;`,
  ])
}
