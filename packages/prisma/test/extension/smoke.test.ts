import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type TestDatabase, pgliteDatabase, postgresDatabase } from './client.ts'
let pglite: TestDatabase
let pg: TestDatabase
beforeAll(async () => { pglite = await pgliteDatabase(); pg = await postgresDatabase() })
afterAll(async () => { await pglite.stop(); await pg.stop() })
it('x', async () => {
 for (const d of [pglite, pg]) {
  await using c = connect(d)
  const { db } = c
  const u = await db.user.create({ data: { email: 'a@x' } })
  console.log(c.log.splice(0))
  console.log(await c.sources(async () => { await db.user.findUnique({ where: { id: u.id } }); await db.user.findUnique({ where: { id: u.id } }) }))
  console.log(c.log.splice(0))
  await db.$transaction(async (tx) => { await tx.user.update({ where: { id: u.id }, data: { name: 'x' } }) })
  console.log(c.log.splice(0))
  await db.$transaction([db.user.findMany(), db.user.update({ where: { id: u.id }, data: { name: 'y' } })])
  console.log(c.log.splice(0))
  if (d === pg) await db.$transaction(async (tx) => {
    const r = await c.sources(async () => { console.log('arr', await tx.$transaction([tx.user.findMany({select:{id:true}}), tx.user.update({ where: { id: u.id }, data: { name: 'z' } })])) })
    console.log(r)
  })
  console.log(c.log.splice(0))
 }
 expect(1).toBe(1)
})
