// Starts and stops each server the tests use, so that a missing one is installed, or reported, before the tests begin.
import { startPostgres } from '../packages/testing/src/services/postgres.ts'
import { startValkey } from '../packages/testing/src/services/valkey.ts'

for (const [name, start] of Object.entries({ PostgreSQL: startPostgres, Valkey: startValkey })) {
  const begun = performance.now()
  const service = await start()
  console.log(`${name}: ${service.from}, answering after ${Math.round(performance.now() - begun)} ms`)
  await service.stop()
}
