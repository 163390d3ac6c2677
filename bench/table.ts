const LABEL = 40

/** Plain text: a first column of labels, then figures, each as wide as it needs. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = ([label = '', ...figures]: readonly string[]) =>
    label.padEnd(Math.max(LABEL, widths[0] ?? 0)) +
    figures.map((figure, at) => figure.padStart((widths[at + 1] ?? 0) + 2)).join('')
  const head = line(heads)
  return [head, '-'.repeat(head.length), ...rows.map(line)].join('\n')
}
