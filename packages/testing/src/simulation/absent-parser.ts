/** Stands for the import of the parser of raw SQL where it is not installed: give it as `createCache`'s surroundings. */
export async function absentParser(): Promise<never> {
  throw Object.assign(new Error("Cannot find package 'libpg-query'"), { code: 'ERR_MODULE_NOT_FOUND' })
}
