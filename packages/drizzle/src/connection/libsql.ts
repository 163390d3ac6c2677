import {
  type Connection,
  type ConnectionSource,
  filePlace,
  hiddenConnection,
  objectPlace,
} from '@larder/core/host'

/** What the first look at a libSQL db has shown: its files, none where it is in memory, and how it returns integers. */
export interface LibsqlFiles {
  seen?: { readonly files: readonly string[]; readonly integers: string }
}

/** A client of libSQL keeps its options to itself; a remote one never shows what it is connected to. */
export function libsqlConnection(client: object, files: LibsqlFiles): ConnectionSource {
  const { protocol } = client as { readonly protocol?: unknown }
  if (protocol !== 'file') return hiddenConnection(client)
  let connection: Connection | undefined
  return {
    current() {
      const { seen } = files
      // Reads wait for the first look before they ask.
      if (!connection && seen) {
        const place = seen.files.length ? filePlace('sqlite', seen.files.join(' ')) : objectPlace(client)
        connection = { place, hidden: false, settings: [`integers=${seen.integers}`] }
      }
      return connection
    },
  }
}
