#!/usr/bin/env node
// Plain JavaScript: npm links a workspace's bin at install time, before any build.
import { doctor } from '../dist/index.js'

const code = await doctor(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
})
// Modules of the application may have opened connections that nobody closes.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
