import type { Store } from '@larder/core/store'

/** A store as another process would have it: caches over it learn of each other's writes from the server alone. */
export function ownProcess<S extends Store>(store: S): S {
  const { sharedAs: _, ...rest } = store
  return rest as S
}
