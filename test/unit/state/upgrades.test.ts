import { join } from 'node:path'
import t from 'tap'
import { ActorRegistry, readManifest } from '../../../src/actors/manifest.ts'
import { StateTree } from '../../../src/actors/state-tree.ts'
import { SystemView } from '../../../src/actors/system/view.ts'
import { SYSTEM_ACTOR } from '../../../src/actors/well-known.ts'
import { bundleManifestCid } from '../../../src/networks/bundles.ts'
import { butterflynet } from '../../../src/networks/butterflynet.ts'
import { calibnet } from '../../../src/networks/calibnet.ts'
import { mainnet } from '../../../src/networks/mainnet.ts'
import type { Network } from '../../../src/networks/types.ts'
import type { UpgradeName } from '../../../src/networks/upgrades.ts'
import { StateManager } from '../../../src/state/state-manager.ts'
import { UpgradeSchedule } from '../../../src/state/upgrades.ts'
import { ChainReader } from '../../../src/store/chain-reader.ts'
import { type CID, cidKey } from '../../../src/types/cid.ts'
import { TipsetKey } from '../../../src/types/tipset.ts'
import { readCar } from '../../kit/car.ts'
import { addBundle, registryOf } from '../../kit/executed-chain.ts'
import { sharedData } from '../../kit/shared-data.ts'

/** A network like butterflynet whose upgrades lie ahead. */
function withUpgrades(genesisNetworkVersion: number, heights: Partial<Record<UpgradeName, number>>): Network {
  return { ...butterflynet, genesisNetworkVersion, upgrades: { ...butterflynet.upgrades, ...heights } }
}

t.test('the schedule of a network', async (t) => {
  const schedule = new UpgradeSchedule(mainnet)
  const { shark, fireHorse, thunder, smoke } = mainnet.upgrades
  t.equal(schedule.at(shark)?.name, 'shark')
  t.equal(schedule.at(shark + 1), undefined)
  t.equal(schedule.at(thunder), undefined, 'an upgrade of rules alone changes no state')
  t.equal(schedule.at(smoke), undefined)
  t.equal(schedule.expensiveBetween(shark, shark + 1)?.name, 'shark')
  t.equal(schedule.expensiveBetween(shark + 1, shark + 2), undefined)
  t.equal(schedule.expensiveBetween(0, fireHorse + 1)?.name, 'assembly', 'the lowest of several')
  const heights = schedule.all().map((u) => u.height)
  t.same(
    heights,
    [...heights].sort((a, b) => a - b),
  )
  t.equal(new UpgradeSchedule(butterflynet).at(-32), undefined, 'what a network never ran')
  t.throws(() => new UpgradeSchedule(withUpgrades(26, { goldenWeek: 5, fireHorse: 5 })), {
    code: 'STATE_EXECUTION',
    message: /goldenWeek and fireHorse .* at one height, 5$/,
  })
})

t.test('upgrades that this version cannot run are named', async (t) => {
  const schedule = new UpgradeSchedule(mainnet)
  const run = (name: UpgradeName): unknown =>
    schedule.at(mainnet.upgrades[name])?.migrate?.({
      network: mainnet,
      store: { get: () => undefined, put: () => {} },
      registry: new ActorRegistry(),
      root: mainnet.genesisCid as CID,
      height: mainnet.upgrades[name],
    })
  for (const name of ['shark', 'hygge', 'lightning', 'watermelon', 'dragon', 'tuktuk', 'teep', 'skyr', 'assembly'] as const) {
    t.throws(
      () => run(name),
      { code: 'STATE_MIGRATION_UNSUPPORTED', message: new RegExp(`the upgrade ${name} at height ${mainnet.upgrades[name]} `) },
      name,
    )
  }
  for (const name of ['waffle', 'goldenWeek', 'fireHorse'] as const)
    t.throws(() => run(name), { code: 'STATE_MIGRATION_BUNDLE' }, `${name} needs a bundle that is not there`)
  const repair = new UpgradeSchedule(calibnet).at(calibnet.upgrades.watermelonFix)
  t.equal(repair?.name, 'watermelonFix')
})

const genesisPath = sharedData(t, 'genesis', 'butterflynet.car.zst')
const actors = sharedData(t, 'actors', 'v18.tar.zst')
if (genesisPath !== undefined && actors !== undefined) {
  const HEIGHT = 10
  const { roots, store } = readCar(genesisPath)
  addBundle(store, join(actors, '..'), 17, 'butterflynet')
  const chain = new ChainReader(store)
  const genesis = chain.tipset(new TipsetKey(roots))
  const before = genesis.parentStateRoot
  const manager = (versions: readonly number[], network: Network): StateManager =>
    new StateManager({ network, store, sink: store, chain, registry: registryOf(store, 'butterflynet', versions), genesis })
  const network = withUpgrades(27, { fireHorse: HEIGHT })

  t.test('FireHorse gives every actor the code of the next bundle', async (t) => {
    const missing = manager([17], network)
    t.throws(() => missing.migrate(before, HEIGHT), { code: 'STATE_MIGRATION_BUNDLE', message: /--bundles/ })
    addBundle(store, join(actors, '..'), 18, 'butterflynet')
    const sm = manager([17, 18], network)
    t.equal(sm.migrate(before, HEIGHT - 1), before, 'not before its height')
    t.equal(sm.migrate(before, HEIGHT + 1), before, 'nor after it')
    const after = sm.migrate(before, HEIGHT)
    t.not(after.toString(), before.toString())
    t.equal(sm.migrate(before, HEIGHT).toString(), after.toString(), 'the same again')

    const old = StateTree.load(store, before)
    const now = StateTree.load(store, after)
    const manifest = readManifest(store, bundleManifestCid('butterflynet', 18) as CID)
    if (manifest === undefined) throw new Error('the bundle is there')
    const names = new Map([...manifest.codeByName].map(([name, code]) => [cidKey(code), name]))
    const was = registryOf(store, 'butterflynet', [17])
    let count = 0
    for (const [id, actor] of now.actors()) {
      const then = old.mustGetActor(id)
      t.equal(names.get(cidKey(actor.code)), was.kindOf(then.code), `f0${id}`)
      t.equal(actor.balance, then.balance)
      t.equal(actor.nonce, then.nonce)
      if (id !== SYSTEM_ACTOR.id) t.equal(actor.head.toString(), then.head.toString())
      count++
    }
    t.equal(count, [...old.actors()].length)
    const codes = [...SystemView.load(store, sm.registry, now.mustGetActor(0n)).builtinActorCodes()]
    t.same(
      new Map(codes.map((c) => [c.name, c.code.toString()])),
      new Map([...manifest.codeByName].map(([n, c]) => [n, c.toString()])),
    )
  })

  t.test('code that the running bundle does not know stops the upgrade', async (t) => {
    const tree = StateTree.load(store, before)
    const [id, actor] = [...tree.actors()].at(-1) as [bigint, NonNullable<ReturnType<StateTree['getActor']>>]
    tree.setActor(id, { ...actor, code: before })
    const strange = tree.flush(store)
    t.throws(() => manager([17, 18], network).migrate(strange, HEIGHT), {
      code: 'STATE_EXECUTION',
      message: new RegExp(`f0${id} has code`),
    })
  })
}
