import type { Column, SQL, Subquery, Table, View } from 'drizzle-orm'

/** One chunk of Drizzle's SQL tree, by what it becomes in the text. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'column'; readonly column: Column }
  | { readonly kind: 'view'; readonly view: View }
  /** One bound parameter. `chunk` is the object that the config of a builder holds. */
  | { readonly kind: 'value'; readonly chunk: unknown }
  | { readonly kind: 'list'; readonly items: readonly unknown[] }
  /** VALUES. `items` holds the rows one after another, each with one item per column. */
  | {
      readonly kind: 'rows'
      readonly chunk: object
      readonly columns: readonly Column[]
      readonly items: readonly unknown[]
    }
  | { readonly kind: 'sql'; readonly sql: SQL; readonly items: readonly unknown[]; readonly inline: boolean }
  /** SQL in parentheses: a derived table, or a builder used as an expression. */
  | { readonly kind: 'nested'; readonly chunk: Subquery | object; readonly sql: SQL }
  | { readonly kind: 'nothing' }
