// Forks one worker and reports what memoryStore() did in it, and here.
import cluster from 'node:cluster'
import { memoryStore } from '../../src/store/memory-store.ts'

if (cluster.isPrimary) {
  memoryStore()
  const worker = cluster.fork()
  worker.on('message', (report) => process.send({ ...report, inPrimary: true }))
  worker.on('exit', (code) => process.exit(code))
} else {
  let code
  try {
    memoryStore()
  } catch (error) {
    code = error.code
  }
  const allowed = memoryStore({ singleProcess: true }).source === 'memory'
  process.send({ code, allowed }, () => process.exit(0))
}
