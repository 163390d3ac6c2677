/**
 * PostgreSQL's own parser, which a user may install beside this package: it says which tables raw SQL writes. Rejects
 * where it is not installed. No bundler follows this import.
 */
export declare const loadSqlParser: () => Promise<unknown>
