import { isHarmless } from './harmless.ts'

/** The tables that a text of one or several statements writes, as far as its parse tree tells. */
export interface Written {
  /** Bare names in lower case, as tags have them; each is the target of some statement or CTE. */
  readonly tables: readonly string[]
  /** False: it may write others besides. Referential actions and triggers of `tables` are not among these. */
  readonly complete: boolean
}

type Fields = Readonly<Record<string, unknown>>

/** Statements that write the table in their field `relation` and no other. */
const TARGETING: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'RefreshMatViewStmt',
])
/** Statements that write no table by themselves: what is in them is looked at. */
const WRITELESS = 'SelectStmt ExplainStmt LockStmt VariableSetStmt VariableShowStmt'
/** What else such statements are made of, and whose parts say by themselves what they do. */
const PARTS = `
  A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star Alias BitString BoolExpr Boolean BooleanTest CaseExpr CaseWhen
  CoalesceExpr CollateClause ColumnDef ColumnRef CommonTableExpr CTECycleClause CTESearchClause CurrentOfExpr DefElem Float
  GroupingFunc GroupingSet IndexElem InferClause Integer JoinExpr JsonAggConstructor JsonArgument
  JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor JsonBehavior JsonFormat JsonFuncExpr JsonIsPredicate
  JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonOutput JsonParseExpr JsonReturning JsonScalarExpr
  JsonSerializeExpr JsonTable JsonTableColumn JsonTablePathSpec JsonValueExpr List LockingClause MergeSupportFunc
  MergeWhenClause MinMaxExpr MultiAssignRef NamedArgExpr NullTest OnConflictClause ParamRef RangeFunction RangeSubselect
  RangeTableFunc RangeTableFuncCol RangeTableSample RangeVar ResTarget ReturningClause ReturningOption RowExpr
  SetToDefault SortBy SQLValueFunction String SubLink TypeCast TypeName WindowDef WithClause XmlExpr XmlSerialize
`
const KNOWN: ReadonlySet<string> = new Set(`${WRITELESS} ${PARTS}`.trim().split(/\s+/))
/** COMMIT PREPARED and its like end what another session wrote. */
const TRANSACTION = /^TRANS_STMT_(?:BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|ROLLBACK_TO)$/

/**
 * Reads a tree of PostgreSQL's parser in its JSON form. Errs to one side only: a node it does not know, DDL, a call
 * that may do anything, make the answer incomplete.
 */
export function tablesWritten(tree: unknown): Written {
  const tables = new Set<string>()
  let complete = true
  // By hand: trees are as deep as a text is long.
  const pending: unknown[] = [(tree as { stmts?: unknown } | undefined)?.stmts]
  while (pending.length) {
    const value = pending.pop()
    if (typeof value !== 'object' || value === null) continue
    if (!Array.isArray(value)) {
      for (const target of targetsOf(value as Fields)) tables.add(target)
      if (!understood(value as Fields)) complete = false
    }
    pending.push(...Object.values(value))
  }
  return { tables: [...tables], complete }
}

/** A node of the tree stands under the name of its type, which begins with a capital; fields do not. */
function understood(value: Fields): boolean {
  return Object.entries(value).every(([name, child]) => {
    if (!/^[A-Z]/.test(name)) return knownField(name, child)
    const fields = (child ?? {}) as Fields
    if (name === 'FuncCall') return isHarmless(ownName(fields.funcname) ?? '')
    if (name === 'TransactionStmt') return TRANSACTION.test(String(fields.kind))
    // CASCADE empties every table that refers to it, whatever the action of the foreign key.
    if (name === 'TruncateStmt') return fields.behavior === 'DROP_RESTRICT'
    return TARGETING.has(name) || KNOWN.has(name)
  })
}

function knownField(name: string, child: unknown): boolean {
  switch (name) {
    // SELECT … INTO makes a table.
    case 'intoClause':
      return false
    // An operator may be anybody's; those of the default path are taken for what they look like.
    case 'name':
    case 'operName':
    case 'useOp':
      return !Array.isArray(child) || ownName(child) !== undefined
    default:
      return true
  }
}

/** A name without a schema, or in PostgreSQL's own. */
function ownName(names: unknown): string | undefined {
  const parts = (Array.isArray(names) ? names : []).map(
    (part: { String?: { sval?: string } }) => part.String?.sval,
  )
  if (parts.length === 1) return parts[0]
  return parts.length === 2 && parts[0] === 'pg_catalog' ? parts[1] : undefined
}

function targetsOf(value: Fields): readonly string[] {
  return Object.entries(value).flatMap(([name, child]) => {
    const fields = (child ?? {}) as Fields
    if (TARGETING.has(name)) return bare(fields.relation)
    if (name !== 'TruncateStmt' || !Array.isArray(fields.relations)) return []
    return fields.relations.flatMap((relation: { RangeVar?: unknown }) => bare(relation.RangeVar))
  })
}

function bare(relation: unknown): readonly string[] {
  const { relname } = (relation ?? {}) as { relname?: unknown }
  return typeof relname === 'string' ? [relname.toLowerCase()] : []
}
