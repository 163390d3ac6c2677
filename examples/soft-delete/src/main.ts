import { type Order, orders } from './clients.ts'
import { runStory } from './story.ts'

for (const order of Object.keys(orders) as Order[]) {
  console.log(`\n${order}`)
  for (const { name, titles, source } of await runStory(order))
    console.log(`  ${name.padEnd(20)} ${source.padEnd(9)} ${titles.join(', ')}`)
}
