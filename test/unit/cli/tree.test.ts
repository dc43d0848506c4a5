import t from 'tap'
import { renderCliDocs } from '../../../scripts/gen-cli-docs.ts'
import { commands } from '../../../src/cli/commands/index.ts'
import { en } from '../../../src/cli/en.ts'
import { type CommandSpec, type Flags, type GroupSpec, globalFlags, isGroup } from '../../../src/cli/spec.ts'

interface Leaf {
  readonly path: string
  readonly spec: CommandSpec | GroupSpec
  readonly flags: Flags
}

function leaves(specs: readonly (CommandSpec | GroupSpec)[], path: readonly string[] = [], inherited: Flags = {}): Leaf[] {
  return specs.flatMap((spec) => {
    const names = [...path, spec.name]
    const flags = { ...inherited, ...spec.flags, ...(isGroup(spec) ? spec.self?.flags : {}) }
    const own: Leaf = { path: names.join(' '), spec, flags }
    return isGroup(spec) ? [own, ...leaves(spec.commands, names, { ...inherited, ...spec.flags })] : [own]
  })
}

t.test('every command and every flag has its text, and no text is left over', async (t) => {
  const all = leaves(commands)
  t.same(Object.keys(en.commands).sort(), all.map(({ path }) => path).sort())
  for (const { path, flags } of all) {
    const texts = en.commands[path]?.flags ?? {}
    for (const [name, flag] of Object.entries(flags)) {
      if (!flag.hidden) t.ok(texts[name] ?? en.flags[name], `${path} --${name}`)
    }
    for (const name of Object.keys(texts)) t.ok(name in flags, `${path} --${name} exists`)
  }
  for (const name of Object.keys(globalFlags)) t.ok(en.flags[name], `--${name}`)
})

t.test("names and aliases of Lotus's commands", async (t) => {
  // Lotus documentation/en/cli-lotus.md, without the commands that send messages or prune.
  const names = leaves(commands).flatMap(({ path, spec }) => {
    const group = path.split(' ').slice(0, -1).join(' ')
    return [spec.name, ...(spec.aliases ?? [])].map((name) => `${group} ${name}`.trim())
  })
  const state = `power sectors list-actors list-miners circulating-supply sector sector-info get-actor lookup replay
    sector-size read-state list-messages compute-state call get-deal wait-msg wait-message search-msg search-message
    miner-info market exec-trace network-version miner-proving-deadline actor-cids`
  const chain = `head get-block getblock read-obj delete-obj stat-obj getmessage get-message get-msg sethead set-head list
    love get bisect export export-range slash-consensus gas-price inspect-usage decode encode`
  for (const name of state.split(/\s+/)) t.ok(names.includes(`state ${name}`), `state ${name}`)
  for (const name of chain.split(/\s+/)) t.ok(names.includes(`chain ${name}`), `chain ${name}`)
  for (const name of [
    'daemon',
    'daemon stop',
    'config default',
    'config updated',
    'version',
    'info',
    'auth create-token',
    'auth api-info',
    'log list',
    'log set-level',
    'log alerts',
    'wait-api',
    'status',
    'state market balance',
    'state market proposal-pending',
    'chain decode params',
    'chain encode params',
    ...['peers', 'ping', 'connect', 'disconnect', 'listen', 'id', 'find-peer', 'findpeer', 'scores', 'reachability', 'bandwidth']
      .concat('block', 'stat', 'limit', 'protect', 'unprotect', 'list-protected')
      .map((name) => `net ${name}`),
    ...['add peer', 'add ip', 'add subnet', 'remove peer', 'remove ip', 'remove subnet', 'list'].map(
      (name) => `net block ${name}`,
    ),
    ...['status', 'wait', 'mark-bad', 'unmark-bad', 'check-bad', 'checkpoint'].map((name) => `sync ${name}`),
  ])
    t.ok(names.includes(name), name)
})

t.test('the documentation has a section for every command', async (t) => {
  const page = renderCliDocs()
  for (const { path } of leaves(commands)) t.match(page, new RegExp(`^#+ nelumbo ${path}$`, 'm'), path)
})
