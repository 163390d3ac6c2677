import type { Cache } from '@larder/core'
import { catalogued } from './cache.ts'
import type { Product, Products } from './products.ts'
import { currentRegion, type Region } from './region.ts'

const LOCALES: Readonly<Record<Region, string>> = { eu: 'de-DE', uk: 'en-GB', us: 'en-US' }
const NEIGHBOURS = 4

/**
 * The product's page. It depends on every row that it shows, also those of the list below: a write to one of them
 * invalidates the page, and no other page. @returns null if there is no such product.
 */
export async function productPage(cache: Cache, products: Products, id: number): Promise<string | null> {
  return cache.wrap(['product-page', id], catalogued, async () => {
    const product = await products.find(id)
    if (product === null) return null
    const others = await products.list(product.category.slug, id)
    return render(product, others.slice(0, NEIGHBOURS), currentRegion())
  })
}

type Neighbour = Awaited<ReturnType<Products['list']>>[number]

function render(product: Product, others: readonly Neighbour[], region: Region): string {
  const [price] = product.prices
  const money = price
    ? new Intl.NumberFormat(LOCALES[region], { style: 'currency', currency: price.currency }).format(
        Number(price.amount),
      )
    : 'not sold here'
  const facts = product.specifications.map(
    ({ name, value }) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`,
  )
  const links = others.map(({ id, name }) => `<li><a href="/pages/${id}">${escapeHtml(name)}</a></li>`)
  return `<!doctype html>
<html lang="${LOCALES[region].slice(0, 2)}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(product.name)}</title>
<p>${escapeHtml(product.category.department.name)} › ${escapeHtml(product.category.name)}</p>
<h1>${escapeHtml(product.name)}</h1>
<p><strong>${escapeHtml(money)}</strong>, ${product.taxClass.percent.toString()} % VAT</p>
<p>${escapeHtml(product.description)}</p>
<p>${escapeHtml(product.brand.name)}, ${escapeHtml(product.brand.country.name)}</p>
<dl>${facts.join('')}</dl>
<h2>Also in ${escapeHtml(product.category.name)}</h2>
<ul>${links.join('')}</ul>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
