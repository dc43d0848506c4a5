import { actorsVersion } from '../../../networks/schedule.ts'
import type { Context } from '../../context.ts'
import { usage } from '../../errors.ts'
import { fil } from '../../format.ts'
import { tabbed } from '../../print.ts'
import { loadTipset } from '../../tipset-ref.ts'
import type { Link } from '../../wire.ts'
import type { TipsetFlag } from './flags.ts'

interface SupplyJson {
  readonly FilCirculating: string
  readonly FilMined: string
  readonly FilVested: string
  readonly FilBurnt: string
  readonly FilLocked: string
}

export async function circulatingSupply({
  node,
  flags,
  out,
}: Context<TipsetFlag & { readonly 'vm-supply': { readonly kind: 'bool' } }>): Promise<void> {
  const { Cids } = await loadTipset(node, flags.tipset)
  if (!flags['vm-supply']) {
    const exact = await node.call<string>('StateCirculatingSupply', Cids)
    return out.answer(exact, () => out.line(`Exact circulating supply:  ${fil(exact)}`))
  }
  const supply = await node.call<SupplyJson>('StateVMCirculatingSupplyInternal', Cids)
  out.answer(supply, () => {
    out.line(`Circulating supply:  ${fil(supply.FilCirculating)}`)
    out.line(`Mined:  ${fil(supply.FilMined)}`)
    out.line(`Vested:  ${fil(supply.FilVested)}`)
    out.line(`Burnt:  ${fil(supply.FilBurnt)}`)
    out.line(`Locked:  ${fil(supply.FilLocked)}`)
  })
}

export async function networkVersion({ node, flags, out }: Context<TipsetFlag>): Promise<void> {
  const { Cids } = await loadTipset(node, flags.tipset)
  const version = await node.call<number>('StateNetworkVersion', Cids)
  out.answer(version, () => out.line(`Network Version: ${version}`))
}

export async function actorCids({
  node,
  flags,
  out,
}: Context<TipsetFlag & { readonly 'network-version': { readonly kind: 'int' } }>): Promise<void> {
  const version = flags['network-version'] ?? (await node.call<number>('StateNetworkVersion', []))
  const actors = versionOfActors(version)
  const manifest = await node.call<Link>('StateActorManifestCID', version)
  const codes = await node.call<Readonly<Record<string, Link>>>('StateActorCodeCIDs', version)
  const names = Object.keys(codes).sort()
  out.answer({ NetworkVersion: version, ActorVersion: actors, ManifestCid: manifest, Actors: codes }, () => {
    out.line(`Network Version: ${version}`)
    out.line(`Actor Version: ${actors}`)
    out.line(`Manifest CID: ${manifest['/']}`)
    out.line()
    out.text(tabbed([['Actor', 'CID', ''], ...names.map((name) => [name, codes[name]?.['/'] ?? ''])], { minWidth: 2 }))
  })
}

function versionOfActors(networkVersion: number): number {
  try {
    return actorsVersion(networkVersion)
  } catch {
    throw usage(`--network-version ${networkVersion} is not known`)
  }
}
