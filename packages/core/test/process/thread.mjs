// Says which warnings a worker thread gives for some memory stores.
import { parentPort, workerData } from 'node:worker_threads'
import { memoryStore } from '../../src/store/memory-store.ts'

const codes = []
process.on('warning', ({ code }) => codes.push(code))
for (const options of workerData) memoryStore(options)
setTimeout(() => parentPort.postMessage(codes.filter((code) => code?.startsWith('LARDER'))), 50)
