#!/usr/bin/env node
// Plain JavaScript: npm links a workspace's bin at install time, before any build.
import { doctor } from '../dist/index.js'

process.exitCode = await doctor(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
})
