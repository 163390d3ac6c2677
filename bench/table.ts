const LABEL = 40

/** Plain text: a first column of labels, then figures. With the widths in use below 80 columns. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[], cell = 10): string {
  const line = ([label = '', ...figures]: readonly string[]) =>
    label.padEnd(LABEL) + figures.map((figure) => figure.padStart(cell)).join('')
  return [line(heads), '-'.repeat(LABEL + (heads.length - 1) * cell), ...rows.map(line)].join('\n')
}
