import type { Column, SQL, Subquery, Table, View } from 'drizzle-orm'

/** One chunk of Drizzle's SQL tree, told by what it becomes in the SQL text. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'column'; readonly column: Column }
  | { readonly kind: 'view'; readonly view: View }
  /** One bound parameter. `given` is the chunk itself: the object that a builder's config names. */
  | { readonly kind: 'value'; readonly given: unknown }
  | { readonly kind: 'list'; readonly items: readonly unknown[] }
  /** VALUES: `items` row by row, each row with one item for each of `columns`. */
  | {
      readonly kind: 'rows'
      readonly given: object
      readonly columns: readonly Column[]
      readonly items: readonly unknown[]
    }
  | { readonly kind: 'sql'; readonly sql: SQL; readonly items: readonly unknown[]; readonly inline: boolean }
  /** Something whose SQL stands in parentheses: a derived table, a builder used as an expression. */
  | { readonly kind: 'nested'; readonly given: Subquery | object; readonly sql: SQL }
  | { readonly kind: 'nothing' }
