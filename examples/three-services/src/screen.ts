import { styleText } from 'node:util'

/** Where the demo writes. Its width is asked for anew each time: windows change. */
export interface Screen {
  /** No colours and nothing redrawn: a pipe, a file, `NO_COLOR`. */
  readonly plain: boolean
  width(): number
  line(text?: string): void
  /** Broken at spaces where the width ends. */
  paragraph(text: string): void
  /** A paragraph behind a dash. */
  item(text: string): void
  heading(text: string): void
  /** Replaces the unfinished last line. Does nothing on a plain screen. */
  redraw(text: string): void
}

export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const WIDEST = 76
const USUAL = 80
/** Lines shorter than this read worse than lines that the terminal breaks. */
const NARROWEST = 20

export function createScreen(output: Output, env: NodeJS.ProcessEnv): Screen {
  const plain = output.isTTY !== true || Boolean(env.NO_COLOR) || env.TERM === 'dumb'
  const screen: Screen = {
    plain,
    width: () => Math.max(NARROWEST, Math.min(WIDEST, columns(output, env))),
    line: (text = '') => output.write(`${text}\n`),
    paragraph(text) {
      for (const line of wrap(text, screen.width())) screen.line(line)
    },
    item(text) {
      const [first = '', ...rest] = wrap(text, screen.width() - 2)
      for (const line of [`- ${first}`, ...rest.map((each) => `  ${each}`)]) screen.line(line)
    },
    heading(text) {
      screen.line()
      for (const line of wrap(text, screen.width())) {
        screen.line(plain ? line : styleText('bold', line, { validateStream: false }))
      }
    },
    // The last column stays free: some terminals start a new line as soon as it is filled.
    redraw: (text) => plain || output.write(`\r\u001b[K${text.slice(0, columns(output, env) - 1)}`),
  }
  return screen
}

/** `COLUMNS`, but never more than a terminal really has. */
function columns(output: Output, env: NodeJS.ProcessEnv): number {
  const said = Number(env.COLUMNS)
  const real = output.columns ?? 0
  const known = [said, real].filter((each) => Number.isInteger(each) && each > 0)
  return known.length > 0 ? Math.min(...known) : USUAL
}

/** Lines of at most `width` characters; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line === '') line = word
    else if (line.length + 1 + word.length <= width) line += ` ${word}`
    else {
      lines.push(line)
      line = word
    }
  }
  return line === '' ? lines : [...lines, line]
}
