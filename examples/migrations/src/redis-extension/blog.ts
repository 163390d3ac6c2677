/** What a page of one author shows. */
export interface Author {
  readonly id: number
  readonly name: string | null
  readonly createdAt: Date
  readonly posts: readonly { readonly title: string }[]
}

/** A blog on Prisma. Each method is one request. */
export interface Blog {
  /** The published posts. */
  posts(): Promise<readonly { readonly title: string }[]>
  /** The published posts with the names of their authors. */
  bylines(): Promise<readonly { readonly title: string; readonly author: { readonly name: string | null } }[]>
  numbers(): Promise<unknown>
  user(id: number): Promise<{ readonly name: string | null } | null>
  /** Never from the cache. */
  account(id: number): Promise<unknown>
  author(id: number): Promise<Author>
  rename(id: number, name: string): Promise<void>
  publish(authorId: number, title: string): Promise<void>
  /** Removes the posts that are not published, of all authors. */
  removeDrafts(): Promise<void>
  /** Renames a user in a transaction that reads the user and then fails. */
  failToRename(id: number, name: string): Promise<void>
  /** After a program without a cache has changed users. */
  usersChanged(): Promise<void>
}

/** Rolls a transaction back. */
export class Undo extends Error {}
