import { createClient } from '@libsql/client'

const client = createClient({ url: process.env.DATABASE_URL })
await client.execute('CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL)')
await client.execute("INSERT INTO item VALUES (1, 'first')")
client.close()
