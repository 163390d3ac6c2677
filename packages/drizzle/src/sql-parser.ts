/**
 * The module is named by a parameter, so that no bundler can see which one it is. A bundler that could see it would fail
 * where `libpg-query` is not installed, or take its code in without the WebAssembly file that belongs to it. The comments
 * keep webpack, Turbopack and Vite from warning of an import that they cannot resolve.
 */
const importAtRunTime = (name: string): Promise<unknown> =>
  import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name)

/**
 * PostgreSQL's own parser, which a user may install beside this package: it says which tables raw SQL writes. Rejects
 * where it is not installed.
 */
export const loadSqlParser = (): Promise<unknown> => importAtRunTime('libpg-query')
