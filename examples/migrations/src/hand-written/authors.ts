/** What a page of one author shows. */
export interface AuthorPage {
  readonly name: string | null
  readonly since: Date
  readonly titles: readonly string[]
}

/** The part of an application that reads and writes authors. */
export interface Authors {
  page(id: number): Promise<AuthorPage>
  rename(id: number, name: string): Promise<void>
  publish(id: number, title: string): Promise<void>
}
