import type { Connection } from '../keys/connection.ts'
import type { Events } from '../report/events.ts'

/** Warns, once each, of what a `database` name would change for the clients of one cache that have none. */
export interface ConnectionWarnings {
  check(connection: Connection): void
}

export function createConnectionWarnings(events: Events): ConnectionWarnings {
  let first: string | undefined
  let several = false
  let hidden = false
  return {
    check(connection) {
      if (connection.provisional) return
      if (connection.hidden) {
        if (!hidden) events.emit('warning', { code: 'hidden-connection', message: HIDDEN })
        hidden = true
        return
      }
      first ??= connection.place
      if (several || first === connection.place) return
      several = true
      const message = `clients of two databases are on one cache (${first} and ${connection.place}). They never share entries, but a write in one also invalidates cached reads of tables with the same names in the other. Give each client a database: 'name' to keep their invalidations apart`
      events.emit('warning', { code: 'several-databases', message })
    },
  }
}

const HIDDEN =
  "the driver of a client does not show which database it is connected to, so the client's entries are not shared with other processes, nor with other clients. Give the client a database: 'name' that stands for its database"
