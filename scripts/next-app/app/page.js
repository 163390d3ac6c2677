import { readItem } from '../lib/items.mjs'

export const dynamic = 'force-dynamic'

export default async function Page() {
  return <pre id="item">{Buffer.from(JSON.stringify(await readItem())).toString('hex')}</pre>
}
