import type { Unit } from './units.ts'
import { format } from './units.ts'

export interface Bar {
  readonly name: string
  readonly value: number
  /** Drawn in the colour of Larder. */
  readonly ours: boolean
}

export interface Chart {
  readonly title: string
  readonly unit: Unit
  readonly bars: readonly Bar[]
}

const [WIDTH, LABEL, FIGURE, BAR, GAP, TOP] = [760, 290, 90, 20, 8, 46] as const
const SPACE = WIDTH - LABEL - FIGURE

/** Horizontal bars as SVG. Text and ground follow the reader's light or dark setting. */
export function barChart({ title, unit, bars }: Chart): string {
  const most = Math.max(...bars.map(({ value }) => value))
  const height = TOP + bars.length * (BAR + GAP) + GAP
  const rows = bars.map(({ name, value, ours }, at) => {
    const y = TOP + at * (BAR + GAP)
    const width = Math.max(2, (SPACE * value) / most)
    const middle = y + BAR / 2 + 5
    return `<text class="text" x="${LABEL - 10}" y="${middle}" text-anchor="end">${escaped(name)}</text>
<rect class="${ours ? 'ours' : 'other'}" x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>
<text class="text" x="${(LABEL + width + 8).toFixed(1)}" y="${middle}">${escaped(format(value, unit))}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="13">
<title>${escaped(title)}</title>
<style>
.ground { fill: #ffffff } .text { fill: #223 } .ours { fill: #3d6fd0 } .other { fill: #aab2c2 }
@media (prefers-color-scheme: dark) {
.ground { fill: #1b1d22 } .text { fill: #e4e6ee } .ours { fill: #7ba4f4 } .other { fill: #5d6577 }
}
</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>
<text class="text" x="16" y="28" font-size="15" font-weight="bold">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
