import { parseArgs } from 'node:util'
import { openContext, Unavailable } from './context.ts'
import { GROUPS, type GroupName, isGroup } from './groups.ts'
import { describeMachine, thisMachine } from './machine.ts'
import { writeProfiles } from './profile.ts'
import { type GroupResult, readResults, writeResults } from './results.ts'
import { printed, type Sheet } from './sheet.ts'
import { compareWithTarget, printedOutcomes } from './targets.ts'

const USAGE = `npm run bench -- [OPTION…]

  --quick         the short groups, in short rounds
  --group NAME    one group; give it again for more
  --json FILE     add the figures to a file
  --profile       write bench/profiles/*.txt instead
  --help

Groups:
${groupList()}`

const { quick, group, json, profile } = optionsOf(process.argv.slice(2))
const names = chosen()
const machine = thisMachine()
let sheets: Sheet[] = []
const context = openContext(quick, (sheet) => {
  sheets.push(sheet)
  console.log(printed(sheet))
})
if (profile) {
  await writeProfiles(context).finally(() => context.close())
  process.exit()
}
const { rounds, slice } = context.budget
console.log(`Larder: benchmarks${quick ? ', quick' : ''}
${describeMachine(machine)}

A ratio is the time of a case over that of the floor, or of the plain query,
in the same round: the cases of a group take turns, ${rounds} rounds of ${slice} ms each
(fewer where there is a round trip), so that a slow moment hits them all. Median
of the rounds; the spread is half the distance between their quartiles. Compare
ratios, and only those of one run: times belong to this machine at this moment.`)

const began = performance.now()
const measured: Record<string, GroupResult> = {}
try {
  for (const [index, name] of names.entries()) {
    console.log(`\n== ${name} (${index + 1} of ${names.length})`)
    const result = await measure(name)
    if (!result) continue
    measured[name] = result
    // After each group: a run that is stopped has written what it has measured.
    if (json) writeResults(json, { [name]: result })
  }
} finally {
  await context.close()
}
const outcomes = compareWithTarget((json ? readResults(json) : undefined) ?? { groups: measured })
if (outcomes.length > 0) console.log(printedOutcomes(outcomes))
console.log(`\n${secondsSince(began)} s`)

async function measure(name: GroupName): Promise<GroupResult | undefined> {
  sheets = []
  const [date, start] = [new Date().toISOString(), performance.now()]
  try {
    await GROUPS[name].run(context)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    console.log(`\n${name} is left out: ${error.message}`)
    return undefined
  }
  const seconds = secondsSince(start)
  console.log(`\n-- ${name}: ${seconds} s`)
  return { date, run: quick ? 'quick' : 'full', seconds, machine, sheets }
}

function optionsOf(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        group: { type: 'string', multiple: true },
        json: { type: 'string' },
        profile: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (!values.help) return values
    console.log(USAGE)
    process.exit()
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    process.exit(2)
  }
}

function groupList(): string {
  return Object.entries(GROUPS)
    .map(([name, { about }]) => `  ${name.padEnd(16)}${about}`)
    .join('\n')
}

/** What `--group` names, or every group of this kind of run. */
function chosen(): readonly GroupName[] {
  const all = Object.keys(GROUPS) as GroupName[]
  const unknown = group?.find((name) => !isGroup(name))
  if (unknown !== undefined) {
    console.error(`There is no group '${unknown}'. The groups are:\n${groupList()}`)
    process.exit(2)
  }
  return all.filter((name) => (group ? group.includes(name) : !quick || GROUPS[name].quick))
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 100) / 10
}
