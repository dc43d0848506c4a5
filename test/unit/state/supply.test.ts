import { join } from 'node:path'
import t from 'tap'
import type { StateTree } from '../../../src/actors/state-tree.ts'
import { StateTree as Tree } from '../../../src/actors/state-tree.ts'
import { BURNT_FUNDS_ACTOR, MARKET_ACTOR } from '../../../src/actors/well-known.ts'
import { mainnet } from '../../../src/networks/mainnet.ts'
import { loadNetworkFile } from '../../../src/networks/network-file.ts'
import { circulatingSupply, type SupplyComponents, vmCirculatingSupply } from '../../../src/state/supply.ts'
import { vestedByHeight } from '../../../src/state/vesting.ts'
import { RESERVE_ACTOR } from '../../../src/state/well-known.ts'
import { OverlayBlockstore } from '../../../src/store/blockstore.ts'
import { FIL } from '../../../src/types/scalars.ts'
import { LotusChain } from '../../kit/lotus-chain.ts'
import { sharedData } from '../../kit/shared-data.ts'

const DAY = 2880
const SIX_MONTHS = 183 * DAY

t.test('vesting by hand', async (t) => {
  const { ignition, liftoff, calico } = mainnet.upgrades
  // A share is locked for each epoch to come; what the division into shares leaves over is free from the start.
  type Shares = readonly (readonly [epochs: number, fil: bigint])[]
  const shares: Shares = [
    [SIX_MONTHS, 49_929_341n + 32_787_700n],
    [365 * DAY, 22_421_712n],
    [2 * 365 * DAY, 7_223_364n],
    [3 * 365 * DAY, 87_637_883n],
    [6 * 365 * DAY, 400_000_000n],
  ]
  const after = (elapsed: number, unit: bigint, of: Shares = shares): bigint =>
    of.reduce((sum, [epochs, fil]) => {
      const initial = fil * unit
      return sum + initial - (initial / BigInt(epochs)) * BigInt(epochs - elapsed)
    }, 0n)
  // The first schedule counted whole FIL as attoFIL.
  t.equal(vestedByHeight(mainnet, 0), 6_898_560n)
  t.equal(vestedByHeight(mainnet, 1000), after(1000, 1n))
  t.equal(vestedByHeight(mainnet, ignition), after(ignition, 1n))
  // From Ignition on it is real FIL, and the clock starts at Liftoff.
  t.equal(vestedByHeight(mainnet, ignition + 1), 0n)
  t.equal(vestedByHeight(mainnet, liftoff), after(0, FIL))
  t.equal(vestedByHeight(mainnet, liftoff + 1), after(1, FIL))
  t.equal(vestedByHeight(mainnet, calico), after(calico - liftoff, FIL))
  // After Calico 10,632,000 FIL have vested whatever the height, and the shares are others.
  const corrected: Shares = [
    [SIX_MONTHS, 19_015_887n + 32_787_700n],
    [365 * DAY, 22_421_712n + 9_400_000n],
    [2 * 365 * DAY, 7_223_364n],
    [3 * 365 * DAY, 87_637_883n + 898_958n],
    [6 * 365 * DAY, 400_000_000n + 9_805_053n],
  ]
  t.equal(vestedByHeight(mainnet, calico + 1), 10_632_000n * FIL + after(calico + 1 - liftoff, FIL, corrected))
  // In the end all of it.
  const all = corrected.reduce((sum, [, fil]) => sum + fil, 10_632_000n)
  t.equal(vestedByHeight(mainnet, liftoff + 6 * 365 * DAY), all * FIL)
  t.equal(vestedByHeight(mainnet, liftoff + 20 * 365 * DAY), all * FIL)
})

const folder = sharedData(t, 'chains', 'lotus-devnet')
if (folder !== undefined) {
  const network = await loadNetworkFile(join(folder, 'network.json'))
  const chain = new LotusChain(folder)
  const root = chain.head.parentStateRoot
  const components = (genesisNetworkVersion = 28): SupplyComponents => ({
    network: { ...network, genesisNetworkVersion },
    store: chain.store,
    registry: chain.registry(),
    genesisPledge: () => 5n * FIL,
  })
  const { height } = chain.head

  /** The head's state with an actor's balance changed. */
  function changed(address: typeof RESERVE_ACTOR, by: bigint): StateTree {
    const tree = Tree.load(new OverlayBlockstore(chain.store), root)
    const actor = tree.getActor(address)
    if (actor === undefined) throw new Error(`${address} is not there`)
    tree.setActor(address, { ...actor, balance: actor.balance + by })
    return tree
  }

  t.test('each part moves the sum', async (t) => {
    const c = components()
    const s = vmCirculatingSupply(c, height, changed(BURNT_FUNDS_ACTOR, 0n))
    t.equal(s.filCirculating, s.filVested + s.filMined + s.filReserveDisbursed - s.filBurnt - s.filLocked)
    t.equal(vmCirculatingSupply(c, height, changed(BURNT_FUNDS_ACTOR, 7n)).filCirculating, s.filCirculating - 7n)
    t.equal(vmCirculatingSupply(c, height, changed(RESERVE_ACTOR, 9n)).filCirculating, s.filCirculating - 9n)
    const poor = vmCirculatingSupply(c, height, changed(BURNT_FUNDS_ACTOR, 3_000_000_000n * FIL))
    t.equal(poor.filCirculating, 0n, 'never below zero')
  })

  t.test('what counts changes with versions', async (t) => {
    const tree = changed(BURNT_FUNDS_ACTOR, 0n)
    const now = vmCirculatingSupply(components(), height, tree)
    const nv22 = vmCirculatingSupply(components(22), height, tree)
    t.ok(nv22.filLocked >= now.filLocked, "the market's escrow was locked up to nv22")
    t.equal(nv22.filReserveDisbursed - now.filReserveDisbursed, network.initialFilReserved - network.teepInitialFilReserved)
    const assembly = { ...network, upgrades: { ...network.upgrades, assembly: height } }
    const early = vmCirculatingSupply({ ...components(), network: assembly }, height, tree)
    t.equal(early.filReserveDisbursed, 0n)
    t.equal(early.filVested - now.filVested, 5n * FIL, 'the pledge of genesis counts as vested up to Assembly')
  })

  t.test('the exact supply needs every attoFIL', async (t) => {
    const c = components()
    const exact = circulatingSupply(c, height, changed(MARKET_ACTOR, 0n))
    t.ok(exact > 0n && exact < 2_000_000_000n * FIL)
    t.throws(() => circulatingSupply(c, height, changed(BURNT_FUNDS_ACTOR, 1n)), { code: 'STATE_SUPPLY' }, 'one too many')
    t.throws(() => circulatingSupply(c, height, changed(BURNT_FUNDS_ACTOR, -1n)), { code: 'STATE_SUPPLY' }, 'one too few')
    const moved = changed(BURNT_FUNDS_ACTOR, -1n)
    const market = moved.mustGetActor(5n)
    moved.setActor(MARKET_ACTOR, { ...market, balance: market.balance + 1n })
    t.equal(circulatingSupply(c, height, moved), exact + 1n, 'from the burnt funds into the market')
    const strange = changed(MARKET_ACTOR, 0n)
    const [id, someone] = [...strange.actors()].find(([i, x]) => i > 100n && x.balance > 0n) ?? []
    if (id === undefined || someone === undefined) throw new Error('nobody has funds')
    strange.setActor(id, { ...someone, code: root })
    t.throws(() => circulatingSupply(c, height, strange), { code: 'STATE_SUPPLY' }, 'an actor of unknown code')
  })
}
