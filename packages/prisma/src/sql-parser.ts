/**
 * PostgreSQL's own parser, which a user may install beside this package: it tells what raw SQL writes. Bundlers leave the
 * import as it is, or they would ask for what is not there.
 */
export const loadSqlParser = (): Promise<unknown> =>
  import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ 'libpg-query')
