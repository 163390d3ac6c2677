// Plain JavaScript: TypeScript would wrap an import of a name that it does not know in a helper, and bundlers then no
// longer see the comments. The name is a parameter because a bundler that saw it would fail where `libpg-query` is not
// installed, or take its code in without the WebAssembly file that belongs to it. The comments keep webpack, Turbopack
// and Vite from warning of an import that they cannot resolve.
const importAtRunTime = (name) =>
  import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name)

export const loadSqlParser = () => importAtRunTime('libpg-query')
