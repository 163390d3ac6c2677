/** A fleet and its load. */
export interface Fleet {
  readonly processes: number
  readonly shards: number
  readonly tables: number
  /** Of each table. */
  readonly rows: number
  /** Of each process, in a second. */
  readonly reads: number
  readonly writes: number
  /** Reads or writes of a process that share a packet. */
  readonly together: number
  /** Share of reads that depend on a whole table, as a list without a filter by key. */
  readonly lists: number
  readonly mode: 'off' | 'validate' | 'push'
  /** Ms. 0: strict. */
  readonly maxStaleness: number
  /** Ms that a query and a statement take. They decide how early a result is renewed and how long a mark stays. */
  readonly query: number
}
