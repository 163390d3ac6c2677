import { outagePageRows, outageSignRow, SHARED_OUTAGE_TABLES } from '@larder/testing'
import { expect, it } from 'vitest'

it.each(Object.entries(SHARED_OUTAGE_TABLES))('the page contains the table of %s', (heading, signs) => {
  expect(outagePageRows(heading)).toEqual(signs.map(outageSignRow))
})
