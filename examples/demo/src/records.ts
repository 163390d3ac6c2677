import { readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'

/** What is said about the data wherever it is shown. The package's datapackage.json is where it comes from. */
export const SOURCE = {
  title: 'FAA Wildlife Strike Database',
  licence: 'U.S. Government Dataset (public domain)',
  file: 'birdstrikes.csv of the npm package vega-datasets',
} as const

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

/** Reads the reports of wildlife strikes as they were published: 10,000 of them. */
export async function readRecords(): Promise<StrikeRecord[]> {
  // The package exports only its loader, which fetches from the network; the files lie beside it.
  const file = new URL('../data/birdstrikes.csv', import.meta.resolve('vega-datasets'))
  return parseRecords(await readFile(file, 'utf8'))
}

export function parseRecords(csv: string): StrikeRecord[] {
  return parse<StrikeRecord>(csv, { columns: true, skip_empty_lines: true })
}
