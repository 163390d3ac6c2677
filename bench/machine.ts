import { availableParallelism, cpus } from 'node:os'

/** Where the figures come from, in a line. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() || process.arch
  return `Node ${process.versions.node}, ${process.platform}, ${availableParallelism()} cores (${model})`
}
