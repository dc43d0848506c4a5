import type { ActorBundle } from '../actors/manifest.ts'
import { getLogger } from '../lib/log.ts'
import { oldestBundle, retiredBundles } from '../networks/bundles.ts'
import { actorsVersion, networkVersion } from '../networks/schedule.ts'
import type { Network } from '../networks/types.ts'
import { upgrades } from '../networks/upgrades.ts'
import type { Blockstore } from '../store/blockstore.ts'
import { BundleError } from '../store/bundle-manifest.ts'
import type { BundleStore } from '../store/bundle-store.ts'
import type { ChainEpoch } from '../types/scalars.ts'

const log = getLogger('bundles')

/** Actor versions that a network runs from an epoch on, those of wasm only, ascending. */
export function versionsFrom(network: Network, epoch: ChainEpoch): number[] {
  const out = new Set([actorsVersion(networkVersion(network, epoch))])
  for (const u of upgrades) {
    const height = network.upgrades[u.name]
    // An upgrade without a date has an epoch that no chain reaches.
    if (u.version !== undefined && height >= epoch && height < epoch + FAR) out.add(actorsVersion(u.version))
  }
  return [...out].filter((v) => v >= oldestBundle).sort((a, b) => a - b)
}

/** Two years of epochs: as far as upgrades are dated ahead. */
const FAR = 2 * 365 * 2880

/**
 * Puts the built-in actors that the node needs into the block store and says what they are.
 * Those in force at `epoch` must be had, downloaded if need be; those of other epochs (old states, coming upgrades) are taken
 * where they are at hand. With `all` every one must be had.
 * @throws BundleError BUNDLE_MISSING, BUNDLE_DAMAGED
 */
export async function ensureBundles(
  components: {
    readonly bundles: BundleStore
    readonly localBundles: BundleStore
    readonly store: Blockstore
    readonly network: Network
  },
  epoch: ChainEpoch,
  options: { readonly all: boolean; readonly signal?: AbortSignal },
): Promise<ActorBundle[]> {
  const { bundles, localBundles, store, network } = components
  // Below the oldest bundle there was no wasm: nothing of those epochs can be executed.
  const needed = actorsVersion(networkVersion(network, epoch))
  const out: ActorBundle[] = []
  const signal = options.signal === undefined ? {} : { signal: options.signal }
  for (const version of versionsFrom(network, options.all ? 0 : epoch)) {
    try {
      const from = version === needed || options.all ? bundles : localBundles
      const manifest = await from.ensureBundle(store, version, signal)
      out.push({ version, entries: [...manifest.codeByName] })
    } catch (error) {
      if (version === needed || options.all || !(error instanceof BundleError) || error.code !== 'BUNDLE_MISSING') throw error
      log.warn('an actor bundle is not at hand; it is needed from its upgrade on', { actorsVersion: version })
    }
  }
  for (const retired of retiredBundles) {
    if (retired.bundle !== network.bundle || !options.all) continue
    const { manifest, blocks } = await bundles.loadRetired(retired, signal)
    await store.putMany(blocks)
    // In front: where a build shares code with its repair, the repair's name for it counts.
    out.unshift({ version: retired.actorsVersion, entries: [...manifest.codeByName] })
  }
  return out
}
