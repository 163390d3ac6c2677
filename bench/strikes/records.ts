import { readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'

/** One line of the file, by the names in its first line. */
export type StrikeRecord = Readonly<Record<Heading, string>>

type Heading =
  | 'Airport Name'
  | 'Aircraft Make Model'
  | 'Effect Amount of damage'
  | 'Flight Date'
  | 'Aircraft Airline Operator'
  | 'Origin State'
  | 'Phase of flight'
  | 'Wildlife Size'
  | 'Wildlife Species'
  | 'Time of day'
  | 'Cost Other'
  | 'Cost Repair'
  | 'Cost Total $'
  | 'Speed IAS in knots'

/**
 * Reads 10,000 reports of wildlife strikes on aircraft as they were published: `birdstrikes.csv` of the npm package vega-datasets,
 * https://github.com/vega/vega-datasets. Source: the FAA Wildlife Strike Database, https://wildlife.faa.gov. Its licence, as the
 * package states it, is "U.S. Government Dataset": a work of the US government, in the public domain.
 */
export async function readRecords(): Promise<StrikeRecord[]> {
  // The package exports only its loader, which fetches from the network; the files lie beside it.
  const file = new URL('../data/birdstrikes.csv', import.meta.resolve('vega-datasets'))
  return parseRecords(await readFile(file, 'utf8'))
}

export function parseRecords(csv: string): StrikeRecord[] {
  return parse<StrikeRecord>(csv, { columns: true, skip_empty_lines: true })
}
