import { rest } from './key-writes.ts'
import type { Source } from './nested-writes.ts'
import type { Operation } from './operation.ts'
import { posts } from './post-writes.ts'
import { others } from './tree-writes.ts'
import { users } from './user-writes.ts'

const FAMILIES = [users, posts, others, rest]

/** A random write: often one that succeeds, sometimes one that the database refuses. */
export function randomWrite(source: Source): Operation {
  return source.random.pick(source.random.pick(FAMILIES))(source)
}
