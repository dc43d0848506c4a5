// Shows imports that go against the layers, import cycles, and two rules of place: only src/native loads the addon, and
// only src/cli reads the environment.
//
//   npm run layers        prints one line for each finding; exit code 1 when there are any

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Number of each folder of src: a file imports from its own folder or from a lower number. */
export const layers: Readonly<Record<string, number>> = {
  lib: 0,
  codec: 1,
  native: 1,
  types: 2,
  networks: 3,
  api: 3,
  store: 3,
  actors: 4,
  beacon: 4,
  state: 5,
  consensus: 6,
  f3: 6,
  genesis: 6,
  mpool: 6,
  wallet: 6,
  net: 7,
  sync: 7,
  index: 7,
  rpc: 8,
  miner: 8,
  market: 8,
  worker: 8,
  node: 9,
  cli: 10,
}

/** Imports that the numbers forbid and that are right all the same, each with its reason. */
const allowedUpward: ReadonlyMap<string, string> = new Map([])

/** Tables without any access to the chain, which those who see it through api/ alone may use. */
const plainTables: readonly string[] = ['src/actors/methods/', 'src/actors/policy/miner.ts']

/** Folders that see the chain through api/ alone, so that they run in the node's process or on another host. */
const throughApiOnly: ReadonlySet<string> = new Set(['miner', 'market', 'worker', 'cli'])
const chainFolders: ReadonlySet<string> = new Set([
  'store',
  'actors',
  'beacon',
  'state',
  'consensus',
  'f3',
  'genesis',
  'mpool',
  'net',
  'sync',
  'index',
])

export interface Finding {
  /** Path from the repository's root and line, `src/types/cid.ts:4`. */
  readonly at: string
  readonly message: string
}

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
  readonly line: number
}

/**
 * All findings for the sources below `root`/src, in the order of the paths.
 *
 * @param root the repository's root
 */
export function checkLayers(root: string): Finding[] {
  const source = join(root, 'src')
  const files = sourceFiles(source)
  const findings: Finding[] = []
  const graph = new Map<string, string[]>()
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    const code = withoutComments(text)
    const own = folderOf(source, file)
    const ownLayer = own === undefined ? undefined : layers[own]
    const report = (line: number, message: string) => findings.push({ at: `${relative(root, file)}:${line}`, message })
    if (own === undefined) report(1, 'a file directly in src belongs to no layer; move it into a folder')
    else if (ownLayer === undefined)
      report(1, `the folder src/${own} has no layer; add it to the table in scripts/check-layers.ts`)

    const edges: string[] = []
    for (const { specifier, typeOnly, line } of importsOf(code)) {
      if (specifier.endsWith('.node') && own !== 'native') report(line, 'only src/native loads the addon')
      if (/^(node:)?process$/.test(specifier) && own !== 'cli') report(line, 'only src/cli reads process.env')
      if (!specifier.startsWith('.')) continue
      const target = resolve(dirname(file), specifier)
      if (!target.startsWith(source + sep)) {
        const generatedTypes = own === 'native' && target === join(root, 'native', 'index.d.ts')
        if (!generatedTypes && !specifier.endsWith('.node')) report(line, `imports ${specifier}, which is outside src`)
        continue
      }
      if (!specifier.endsWith('.ts') && !specifier.endsWith('.json')) report(line, `imports ${specifier} without the ending .ts`)
      if (!typeOnly) edges.push(target)
      const other = folderOf(source, target)
      if (own === undefined || other === undefined || other === own) continue
      const otherLayer = layers[other]
      if (ownLayer === undefined || otherLayer === undefined) continue
      const isTable = plainTables.some((folder) => relative(root, target).startsWith(folder))
      if (throughApiOnly.has(own) && chainFolders.has(other) && !typeOnly && !isTable) {
        report(line, `src/${own} sees the chain only through src/api, not through src/${other}`)
      }
      if (otherLayer < ownLayer || (otherLayer === ownLayer && typeOnly)) continue
      if (allowedUpward.has(`${own} -> ${other}`)) continue
      report(line, `src/${own} (${ownLayer}) imports ${typeOnly ? 'a type' : 'a value'} from src/${other} (${otherLayer})`)
    }
    graph.set(file, edges)

    if (own !== 'native')
      reportMatches(code, /\bcreateRequire\b|['"`][^'"`\n]*\.node['"`]/g, (line) =>
        report(line, 'only src/native loads the addon'),
      )
    if (own !== 'cli') reportMatches(code, /\bprocess\.env\b/g, (line) => report(line, 'only src/cli reads process.env'))
  }
  for (const cycle of cyclesOf(graph)) {
    const names = cycle.map((file) => relative(root, file))
    findings.push({ at: `${names[0]}:1`, message: `import cycle: ${[...names, names[0]].join(' -> ')}` })
  }
  return findings
}

function sourceFiles(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function folderOf(source: string, file: string): string | undefined {
  const parts = relative(source, file).split(sep)
  return parts.length > 1 ? parts[0] : undefined
}

/** The same text with the comments blanked, so that positions stay. Strings are kept as they are. */
function withoutComments(text: string): string {
  return text.replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (match, string) => (string === undefined ? match.replace(/[^\n]/g, ' ') : match),
  )
}

/** Imports and re-exports of a module. `import { type A, type B }` counts as type-only, as the stripped module keeps no use of it. */
function importsOf(code: string): Import[] {
  const found: Import[] = []
  const pattern =
    /(?:^|[;\n])\s*(import|export)\s+(type\s+)?([^'"`;]*?)\bfrom\s*['"]([^'"]+)['"]|(?:^|[;\n])\s*import\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g
  for (const match of code.matchAll(pattern)) {
    const specifier = match[4] ?? match[5] ?? match[6]
    if (specifier === undefined) continue
    const names = match[3]?.trim()
    const allTypes = names?.startsWith('{') === true && namesOf(names).every((name) => name.startsWith('type '))
    const line = code.slice(0, (match.index ?? 0) + match[0].length).split('\n').length
    found.push({ specifier, typeOnly: match[2] !== undefined || allTypes, line })
  }
  return found
}

function namesOf(braces: string): string[] {
  return braces
    .replace(/[{}]/g, '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function reportMatches(code: string, pattern: RegExp, report: (line: number) => void): void {
  const lines = new Set<number>()
  for (const match of code.matchAll(pattern)) lines.add(code.slice(0, match.index).split('\n').length)
  for (const line of lines) report(line)
}

/** Strongly connected groups of more than one file (Tarjan), each turned into one of its shortest cycles. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const onStack = new Set<string>()
  const groups: string[][] = []
  const visit = (file: string): void => {
    const number = order.size
    order.set(file, number)
    low.set(file, number)
    stack.push(file)
    onStack.add(file)
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue
      if (!order.has(next)) visit(next)
      if (onStack.has(next)) low.set(file, Math.min(low.get(file) ?? 0, low.get(next) ?? 0))
    }
    if (low.get(file) !== number) return
    const group: string[] = []
    for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
      onStack.delete(member)
      group.push(member)
      if (member === file) break
    }
    if (group.length > 1 || graph.get(file)?.includes(file)) groups.push(group.sort())
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return groups.map((group) => shortestCycle(graph, group))
}

function shortestCycle(graph: ReadonlyMap<string, readonly string[]>, group: readonly string[]): string[] {
  const start = group[0] ?? ''
  const members = new Set(group)
  const from = new Map<string, string>()
  const queue = [start]
  for (const file of queue) {
    for (const next of graph.get(file) ?? []) {
      if (next === start) {
        const cycle = [file]
        for (let back = from.get(file); back !== undefined; back = from.get(back)) cycle.unshift(back)
        return cycle
      }
      if (!members.has(next) || from.has(next)) continue
      from.set(next, file)
      queue.push(next)
    }
  }
  return [...group]
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const findings = checkLayers(fileURLToPath(new URL('../', import.meta.url)))
  for (const { at, message } of findings) console.log(`${at}: ${message}`)
  console.log(findings.length === 0 ? 'layers: no findings' : `layers: ${findings.length} findings`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
