/** One line or bar of a chart. `kind` names its colour in the style sheet. */
export interface Series {
  readonly kind: 'without' | 'cached' | 'board'
  readonly label: string
  readonly values: readonly number[]
}

const WIDTH = 600
const HEIGHT = 160

/** Lines over time. Its texts are HTML, so that they keep their size on a narrow screen. */
export function lines(
  title: string,
  series: readonly Series[],
  { unit, axis }: { readonly unit: string; readonly axis: string },
): string {
  const highest = Math.max(1, ...series.flatMap(({ values }) => values))
  const longest = Math.max(2, ...series.map(({ values }) => values.length))
  const drawn = series.map(({ kind, values }) => {
    const points = values.map((value, at) => {
      const x = (at / (longest - 1)) * WIDTH
      return `${x.toFixed(1)},${(HEIGHT - (value / highest) * (HEIGHT - 4) - 2).toFixed(1)}`
    })
    return `<polyline class="${kind}" points="${points.join(' ')}"/>`
  })
  return figure(
    title,
    `${legend(series)}<div class="axis">${number(highest)} ${unit}</div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${title}">${drawn.join('')}</svg>
<div class="axis"><span>0</span><span>${axis}</span></div>`,
  )
}

/** Bars below each other, all on one scale that begins at zero. */
export function bars(
  title: string,
  groups: readonly { readonly label: string; readonly bars: readonly Series[] }[],
  show: (value: number) => string,
): string {
  const most = Math.max(...groups.flatMap((group) => group.bars.map(({ values }) => values[0] ?? 0)))
  const share = (value: number): number => (most > 0 ? (value / most) * 100 : 0)
  const rows = groups.map(({ label, bars }) => {
    const drawn = bars.map(
      ({ kind, values: [value = 0] }) =>
        `<div class="track"><div class="bar ${kind}" style="width:${share(value).toFixed(1)}%"></div></div><span>${show(value)}</span>`,
    )
    return `<div class="group"><b>${label}</b><div class="bars">${drawn.join('')}</div></div>`
  })
  return figure(title, `${legend(groups[0]?.bars ?? [])}${rows.join('')}`)
}

const figure = (title: string, content: string): string =>
  `<figure><figcaption>${title}</figcaption>${content}</figure>`

const legend = (series: readonly Series[]): string =>
  `<div class="legend">${series.map(({ kind, label }) => `<span class="${kind}">${label}</span>`).join('')}</div>`

const number = (value: number): string => Math.round(value).toLocaleString('en-US')
