import {
  type Connection,
  type ConnectionSource,
  filePlace,
  hiddenConnection,
  objectPlace,
} from '@larder/core/host'

/** What a libSQL client hides, and the first statement reveals. */
export interface LibsqlDatabase {
  /** Undefined until the first statement. `files` is empty for a database in memory. */
  inspected?: { readonly files: readonly string[]; readonly integers: string }
}

/** A libSQL client does not expose its options. A remote one never reveals what it is connected to. */
export function libsqlConnection(client: object, database: LibsqlDatabase): ConnectionSource {
  const { protocol } = client as { readonly protocol?: unknown }
  if (protocol !== 'file') return hiddenConnection(client)
  let connection: Connection | undefined
  return {
    current() {
      const { inspected } = database
      // Cached reads wait for the inspection, so they find it here.
      if (!connection && inspected) {
        const { files, integers } = inspected
        const place = files.length ? filePlace('sqlite', files.join(' ')) : objectPlace(client)
        connection = { place, hidden: false, settings: [`integers=${integers}`] }
      }
      return connection
    },
  }
}
