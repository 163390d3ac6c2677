import type { DriverResults, DriverRows } from '../driver-rows.ts'

/** 1.0 takes the rows out of the driver's result before anything else. */
export const listResults: DriverResults = {
  rows: (result) => (Array.isArray(result) ? (result as DriverRows) : undefined),
  objects: (result) => (Array.isArray(result) ? result : undefined),
  wrap: (rows) => rows,
}
