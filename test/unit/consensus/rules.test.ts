// For each rule of consensus: a valid block of a foreign chain, in which that rule alone is broken and which is signed anew.

import t, { type Test } from 'tap'
import { minerInfo } from '../../../src/actors/miner/info.ts'
import { type MinerState, minerState } from '../../../src/actors/miner/state.ts'
import { MinerView } from '../../../src/actors/miner/view.ts'
import { powerState } from '../../../src/actors/power/state.ts'
import { encode } from '../../../src/codec/codec.ts'
import type { ConsensusEnv, WholeHeader } from '../../../src/consensus/env.ts'
import type { BlockErrorCode } from '../../../src/consensus/errors.ts'
import { powerIn } from '../../../src/consensus/rules/miner.ts'
import { validateBlock } from '../../../src/consensus/validate-block.ts'
import { blsKeyFromSeed, blsSign, drandSign, drandVerify } from '../../../src/native/crypto.ts'
import { StateError } from '../../../src/state/errors.ts'
import type { StateManager } from '../../../src/state/state-manager.ts'
import { Address } from '../../../src/types/address.ts'
import { type BlockHeader, blockCid, blockHeader } from '../../../src/types/block.ts'
import { cidOf } from '../../../src/types/cid.ts'
import { drawingEntry, electionInput } from '../../../src/types/draws.ts'
import { winCount } from '../../../src/types/election.ts'
import type { FullBlock } from '../../../src/types/full-block.ts'
import { type Message, type SignedMessage, signedMessageCid } from '../../../src/types/message.ts'
import { SignatureType } from '../../../src/types/signature.ts'
import type { Tipset } from '../../../src/types/tipset.ts'
import { altered, changeActor, changedState, type StateChange, withStateBefore } from '../../kit/altered-state.ts'
import { aggregateOf, minerKeys, resign, type TestKey, testKey, withMessages } from '../../kit/resign.ts'
import { sharedData } from '../../kit/shared-data.ts'
import { type SnapshotChain, snapshotChain } from '../../kit/snapshot-chain.ts'

t.setTimeout(120_000)

const folder = sharedData(t, 'chains', 'lotus-devnet-proofs')
if (folder !== undefined) {
  const chain = await snapshotChain(folder)
  const keys = minerKeys(folder)
  /** BLS, secp256k1 and delegated messages in one block. */
  const good = blockAt(chain, 226)
  const key = keyOf(good)
  const base = chain.chain.parent(tipsetAt(chain, 226))

  function keyOf({ header }: FullBlock): TestKey {
    const found = keys.get(header.miner.id as bigint)
    if (found === undefined) throw new Error('the miner has no key')
    return found
  }

  /** Validates the block with its header changed and signed by its miner. */
  const withHeader = (changes: Partial<BlockHeader>, block: FullBlock = good): FullBlock => ({
    ...block,
    header: resign({ ...block.header, ...changes }, keyOf(block)),
  })
  const signed = (block: FullBlock): FullBlock => ({ ...block, header: resign(block.header, key) })

  const failureOf = async (block: FullBlock, env: Partial<ConsensusEnv> = {}): Promise<unknown> => {
    try {
      await validateBlock({ ...chain.env, ...env }, block)
      return 'the block is valid'
    } catch (error) {
      return error
    }
  }

  interface Expected {
    readonly code: BlockErrorCode
    readonly message?: RegExp
    readonly temporal?: boolean
  }
  const refused = async (
    t: Test,
    what: string,
    block: FullBlock,
    { code, message, temporal = false }: Expected,
    env: Partial<ConsensusEnv> = {},
  ): Promise<void> => {
    const verdict = temporal ? 'ignore' : 'reject'
    const error = await failureOf(block, env)
    t.match(error, { code, verdict, permanent: !temporal, ...(message === undefined ? {} : { message }) }, what)
  }
  const stateWith = (overrides: Partial<StateManager>): Partial<ConsensusEnv> => ({ state: altered(chain.state, overrides) })

  t.test('the block is valid as it is, and signed anew', async (t) => {
    await t.resolves(validateBlock(chain.env, good))
    await t.resolves(validateBlock(chain.env, withHeader({})))
    await t.resolves(validateBlock(chain.env, withHeader({ forkSignaling: 7n })), 'another block of the same miner')
    t.same(good.secp.map((m) => m.signature.type).sort(), [1, 1, 3, 3])
    t.equal(good.bls.length, 2)
  })

  t.test('syntax', async (t) => {
    for (const part of ['electionProof', 'ticket', 'blockSig', 'blsAggregate'] as const)
      await refused(
        t,
        part,
        { ...good, header: { ...good.header, [part]: null } },
        { code: 'BLOCK_MALFORMED', message: new RegExp(part) },
      )
    await refused(t, 'miner by key', withHeader({ miner: key.address }), { code: 'BLOCK_MALFORMED' })
  })

  t.test('parents', async (t) => {
    const unknown = cidOf(Uint8Array.of(1, 2, 3))
    await refused(t, 'missing', withHeader({ parents: [unknown] }), { code: 'BLOCK_PARENTS_MISSING', temporal: true })
    await refused(t, 'none', withHeader({ parents: [] }), { code: 'BLOCK_PARENTS' })
    const twice = [good.header.parents[0], good.header.parents[0]] as BlockHeader['parents']
    await refused(t, 'one twice', withHeader({ parents: twice }), { code: 'BLOCK_PARENTS' })
    const grandparent = base.parents.cids[0] as (typeof twice)[0]
    await refused(t, 'of two heights', withHeader({ parents: [...good.header.parents, grandparent] }), { code: 'BLOCK_PARENTS' })
    await refused(t, 'no blocks', withHeader({ parents: [good.header.messages] }), { code: 'BLOCK_PARENTS' })
    const twin = resign({ ...base.first, forkSignaling: 1n }, keys.get(base.first.miner.id as bigint) as TestKey)
    chain.store.put(blockCid(twin), encode(blockHeader, twin))
    await refused(t, 'two of one miner', withHeader({ parents: [...good.header.parents, blockCid(twin)] }), {
      code: 'BLOCK_PARENTS',
    })
  })

  t.test('height and time', async (t) => {
    const { height, timestamp } = good.header
    const delay = BigInt(chain.network.blockDelaySecs)
    await refused(t, 'height of the parents', withHeader({ height: base.height }), { code: 'BLOCK_HEIGHT' })
    await refused(t, 'height below', withHeader({ height: base.height - 1 }), { code: 'BLOCK_HEIGHT' })
    for (const off of [1n, -1n, delay, -delay])
      await refused(t, `timestamp ${off}`, withHeader({ timestamp: timestamp + off }), { code: 'BLOCK_TIMESTAMP' })
    await refused(t, 'height without time', withHeader({ height: height + 1 }), { code: 'BLOCK_TIMESTAMP' })
    const at = (now: bigint) => ({ now: () => Number(now) })
    await refused(t, 'two seconds ahead', good, { code: 'BLOCK_FUTURE', temporal: true }, at(timestamp - 2n))
    await t.resolves(validateBlock({ ...chain.env, ...at(timestamp - 1n) }, good), 'one second ahead is no future')
  })

  t.test('lookback', async (t) => {
    const far = (epochs: number) => ({
      height: base.height + epochs,
      timestamp: base.minTimestamp + BigInt(epochs * chain.network.blockDelaySecs),
    })
    await refused(t, '900 null rounds', withHeader(far(900)), { code: 'BLOCK_LOOKBACK' })
    await refused(t, '899: other rules are broken', withHeader(far(899)), { code: 'BLOCK_BEACON' })
  })

  t.test('the miner', async (t) => {
    const stranger = Address.fromId(999_999n)
    await refused(t, 'no actor', withHeader({ miner: stranger }), { code: 'BLOCK_MINER_UNKNOWN' })
    await refused(t, 'no miner', withHeader({ miner: Address.fromId(4n) }), { code: 'BLOCK_MINER_UNKNOWN' })

    const lookback = chain.state.lookback(base, good.header.height)
    const atLookback = (change: StateChange) => {
      const { store, root, stateTree } = changedState(chain.state, lookback.stateRoot, change)
      return stateWith({ store, stateTree, lookback: () => ({ ...lookback, stateRoot: root }) })
    }
    const { miner } = good.header
    await t.resolves(validateBlock({ ...chain.env, ...atLookback(() => {}) }, good))
    await refused(
      t,
      'not there at the lookback',
      good,
      { code: 'BLOCK_WORKER' },
      atLookback((s) => s.deleteActor(miner)),
    )
    const asPower = atLookback((s) => s.setActor(miner, s.mustGetActor(4n)))
    await refused(t, 'of another kind at the lookback', good, { code: 'BLOCK_WORKER' }, asPower)

    const before = (tipset: Tipset, change: StateChange) => ({ state: withStateBefore(chain.state, tipset, change) })
    const ofMiner = (changes: Partial<MinerState>) => before(base, changeActor(miner, minerState(18), changes))
    await t.resolves(validateBlock({ ...chain.env, ...ofMiner({}) }, good))
    await refused(t, 'fee debt', good, { code: 'BLOCK_MINER_INELIGIBLE' }, ofMiner({ feeDebt: 1n }))
    const info = {
      ...MinerView.load(chain.store, chain.state.registry, chain.state.parentState(base).mustGetActor(miner)).info(),
    }
    const faulty = (consensusFaultElapsed: number) =>
      before(base, (s, store) => {
        const data = encode(minerInfo(18), { ...info, consensusFaultElapsed })
        store.put(cidOf(data), data)
        changeActor(miner, minerState(18), { info: cidOf(data) })(s, store)
      })
    await refused(t, 'fault at the base', good, { code: 'BLOCK_MINER_INELIGIBLE' }, faulty(base.height))
    await t.resolves(validateBlock({ ...chain.env, ...faulty(base.height - 1) }, good), 'a fault that is over')
    const four = before(lookback.tipset, changeActor(4n, powerState(18), { minerAboveMinPowerCount: 4n }))
    await t.resolves(validateBlock({ ...chain.env, ...four }, good), 'the minimum holds and is reached')
    const poor = altered(four.state, { network: { ...chain.network, consensusMinerMinPower: 1n << 50n } })
    await refused(t, 'too little power', good, { code: 'BLOCK_MINER_INELIGIBLE' }, { state: poor })
    await t.resolves(
      validateBlock({ ...chain.env, ...stateWith({ network: poor.network }) }, good),
      'while fewer than four miners reach the minimum any power will do',
    )
  })

  t.test('weight, base fee, state, receipts', async (t) => {
    const { parentWeight, parentBaseFee, parentStateRoot, parentMessageReceipts } = good.header
    for (const off of [1n, -1n]) {
      await refused(t, 'weight', withHeader({ parentWeight: parentWeight + off }), { code: 'BLOCK_WEIGHT' })
      await refused(t, 'base fee', withHeader({ parentBaseFee: parentBaseFee + off }), { code: 'BLOCK_BASE_FEE' })
    }
    await refused(t, 'state', withHeader({ parentStateRoot: base.parentStateRoot }), { code: 'BLOCK_STATE_ROOT' })
    await refused(t, 'receipts', withHeader({ parentMessageReceipts: parentStateRoot }), { code: 'BLOCK_RECEIPTS' })
    await refused(t, 'state root for receipts', withHeader({ parentStateRoot: parentMessageReceipts }), {
      code: 'BLOCK_STATE_ROOT',
    })
  })

  t.test('wins, election, ticket, signature', async (t) => {
    const { electionProof, ticket, height, miner } = good.header as WholeHeader
    for (const wins of [0n, -1n, electionProof.winCount + 1n, 16n])
      await refused(t, `${wins} wins`, withHeader({ electionProof: { ...electionProof, winCount: wins } }), {
        code: 'BLOCK_WIN_COUNT',
      })
    // A VRF over something else that wins as often.
    const power = powerIn(chain.state, chain.state.stateTree(chain.state.lookback(base, height).stateRoot))
    const own = power.claim(miner)?.qualityAdjPower as bigint
    let forged = new Uint8Array(0)
    for (let i = 0; i < 100; i++) {
      forged = new Uint8Array(blsSign(key.secret, Uint8Array.of(i)))
      if (BigInt(winCount(forged, own, power.totalPower.qualityAdjPower)) === electionProof.winCount) break
    }
    await refused(t, 'VRF of something else', withHeader({ electionProof: { ...electionProof, vrfProof: forged } }), {
      code: 'BLOCK_ELECTION',
    })
    const previous = chain.state.randomness(base).latestBeaconEntry(base)
    const input = electionInput(drawingEntry(good.header, previous), height, miner)
    t.same(blsSign(key.secret, input), electionProof.vrfProof, 'the kit makes the VRF that Lotus made')

    await refused(t, 'ticket of something else', withHeader({ ticket: { vrfProof: forged } }), { code: 'BLOCK_TICKET' })
    await refused(t, 'a byte behind the ticket', withHeader({ ticket: { vrfProof: Uint8Array.of(...ticket.vrfProof, 0) } }), {
      code: 'BLOCK_TICKET',
    })
    await refused(t, 'no ticket bytes', withHeader({ ticket: { vrfProof: new Uint8Array(0) } }), { code: 'BLOCK_TICKET' })
    await refused(t, 'ticket of the parent', withHeader({ ticket: base.first.ticket }), { code: 'BLOCK_TICKET' })
    t.not(ticket.vrfProof, forged)

    const otherKey = [...keys.values()].find((k) => !k.address.equals(key.address)) as TestKey
    await refused(t, 'signed by another', { ...good, header: resign(good.header, otherKey) }, { code: 'BLOCK_SIGNATURE' })
    await refused(
      t,
      'changed after signing',
      { ...good, header: { ...good.header, forkSignaling: 1n } },
      { code: 'BLOCK_SIGNATURE' },
    )
    const asSecp = { type: SignatureType.secp256k1, data: new Uint8Array(65) }
    await refused(t, 'of another kind', { ...good, header: { ...good.header, blockSig: asSecp } }, { code: 'BLOCK_SIGNATURE' })
    await refused(
      t,
      'cut',
      { ...good, header: { ...good.header, blockSig: { type: 2, data: new Uint8Array(95) } } },
      { code: 'BLOCK_SIGNATURE' },
    )
  })

  t.test('beacon entries', async (t) => {
    const gap = chain.tipsets.find(
      (ts, i) => i > 0 && ts.height - (chain.tipsets[i - 1]?.height ?? 0) > 50 && keys.has(ts.first.miner.id as bigint),
    )
    if (gap === undefined) throw new Error('the chain has no gap')
    const block = chain.fullBlock(gap.first)
    const entries = block.header.beaconEntries
    t.ok(entries.length > 50, `${entries.length} entries after a gap`)
    const secret = Buffer.from('1234'.padStart(64, '0'), 'hex')
    const ofRound = (round: bigint) => ({ round, data: drandSign('bls-unchained-g1-rfc9380', secret, round) })
    t.same(ofRound(entries[0]?.round as bigint), entries[0], 'the kit signs what the beacon signed')
    t.ok(
      drandVerify({
        scheme: 'bls-unchained-g1-rfc9380',
        publicKey: Buffer.from(chain.network.drand[0]?.info?.publicKey as string, 'hex'),
        round: 5n,
        signature: ofRound(5n).data,
      }),
    )

    const replaced = (i: number, entry: (typeof entries)[0]): FullBlock =>
      withHeader({ beaconEntries: entries.map((e, at) => (at === i ? entry : e)) }, block)
    const round3 = entries[3]?.round as bigint
    const fails = async (what: string, bad: FullBlock, reason: string) =>
      t.match(await failureOf(bad), { code: 'BLOCK_BEACON', verdict: 'reject', permanent: true, fields: { reason } }, what)
    await fails('an entry of another round', replaced(3, ofRound(round3 + 1000n)), 'BEACON_ROUND')
    await fails('an entry that is not signed', replaced(3, { round: round3, data: new Uint8Array(48) }), 'BEACON_SIGNATURE')
    await fails('the signature of another round', replaced(3, { ...ofRound(round3 + 1n), round: round3 }), 'BEACON_SIGNATURE')
    await fails('one too few', withHeader({ beaconEntries: entries.slice(5) }, block), 'BEACON_ROUND')
    await fails(
      'one too many',
      withHeader({ beaconEntries: [...entries, ofRound((entries.at(-1)?.round as bigint) + 2n)] }, block),
      'BEACON_ROUND',
    )
    await fails('none', withHeader({ beaconEntries: [] }, block), 'BEACON_COUNT')
    const quiet = stateWith({
      randomness: () => {
        throw new StateError('STATE_RANDOMNESS', 'none')
      },
    })
    await refused(t, 'a chain without entries', good, { code: 'BLOCK_NO_BEACON' }, quiet)
  })

  t.test('winning PoSt', async (t) => {
    const [proof] = good.header.winPostProof
    if (proof === undefined) throw new Error('the block has no proof')
    const bytes = proof.proofBytes
    const other = chain.fullBlock(base.first).header.winPostProof
    const flipped = Uint8Array.from(bytes, (b, i) => (i === 100 ? b ^ 1 : b))
    const cases: [string, BlockHeader['winPostProof']][] = [
      ['of another block', other],
      ['flipped bit', [{ ...proof, proofBytes: flipped }]],
      ['zeros', [{ ...proof, proofBytes: new Uint8Array(192) }]],
      ['short', [{ ...proof, proofBytes: bytes.subarray(0, 191) }]],
      ['none', []],
      ['of an unknown type', [{ ...proof, postProof: 15n }]],
      ['of a negative type', [{ ...proof, postProof: -1n }]],
    ]
    for (const [what, winPostProof] of cases) await refused(t, what, withHeader({ winPostProof }), { code: 'BLOCK_WINNING_POST' })
    await t.resolves(
      validateBlock(chain.env, withHeader({ winPostProof: [{ ...proof, postProof: 3n }] })),
      'Lotus takes any known type',
    )
    await t.resolves(
      validateBlock(chain.env, withHeader({ winPostProof: [{ ...proof, proofBytes: Uint8Array.of(...bytes, 1) }] })),
      'and bytes behind the proof',
    )
    for (let i = 0; i < 64; i++) {
      const bit = (i * 24 + 5) % (bytes.length * 8)
      const mutated = Uint8Array.from(bytes, (b, at) => (at === bit >> 3 ? b ^ (1 << (bit & 7)) : b))
      await refused(t, `bit ${bit} flipped`, withHeader({ winPostProof: [{ ...proof, proofBytes: mutated }] }), {
        code: 'BLOCK_WINNING_POST',
      })
    }
    const fake = stateWith({ network: { ...chain.network, proofs: 'fake' } })
    await t.resolves(
      validateBlock({ ...chain.env, ...fake }, withHeader({ winPostProof: [] })),
      'networks with fake proofs skip it',
    )
  })

  t.test('messages', async (t) => {
    const { secp } = good
    const sender = key
    const after = chain.state.stateTree(good.header.parentStateRoot)
    const first: Message = { ...(good.bls[0] as Message), from: sender.address, nonce: after.mustGetActor(sender.address).nonce }
    const second: Message = { ...first, nonce: first.nonce + 1n }
    const bls = [first, second]
    /** The block with these BLS messages, signed by their sender. */
    const withBls = (messages: readonly Message[], by = sender): FullBlock => {
      const block = withMessages(good, messages, secp)
      return signed({
        ...block,
        header: { ...block.header, blsAggregate: aggregateOf(messages.map((message) => ({ message, key: by }))) },
      })
    }
    const withSecp = (messages: readonly SignedMessage[]): FullBlock => signed(withMessages(good, good.bls, messages))

    await t.resolves(validateBlock(chain.env, withBls(bls)), 'the kit makes the aggregate')
    await t.resolves(validateBlock(chain.env, signed(withMessages(good, [], []))), 'none at all')

    t.test('root and number', async (t) => {
      await refused(t, 'one left out', { ...good, bls: good.bls.slice(1) }, { code: 'BLOCK_MESSAGE_ROOT' })
      await refused(t, 'another order', { ...good, bls: good.bls.toReversed() }, { code: 'BLOCK_MESSAGE_ROOT' })
      await refused(t, '10,001', { ...good, bls: Array.from({ length: 10_001 }, () => first) }, { code: 'BLOCK_MESSAGE_COUNT' })
    })

    t.test('form', async (t) => {
      const wrong: [string, Partial<Message>][] = [
        ['version', { version: 1n }],
        ['zero address', { to: Address.fromBls(Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 0xc0 : 0))) }],
        ['negative value', { value: -1n }],
        ['value', { value: 2_000_000_000n * 10n ** 18n + 1n }],
        ['fee cap', { gasFeeCap: -1n, gasPremium: -1n }],
        ['premium', { gasPremium: -1n }],
        ['premium above cap', { gasPremium: first.gasFeeCap + 1n }],
        ['gas limit', { gasLimit: 10_000_000_001n }],
        ['no gas', { gasLimit: 0n }],
        ['negative gas', { gasLimit: -5n }],
        ['less gas than it takes', { gasLimit: 150_000n }],
      ]
      for (const [what, changes] of wrong)
        await refused(t, what, withBls([{ ...first, ...changes }]), { code: 'BLOCK_MESSAGE_INVALID' })
      const thirsty = (m: Message): Message => ({ ...m, gasLimit: 6_000_000_000n })
      await refused(t, 'gas of all', withBls([thirsty(first), thirsty(second)]), { code: 'BLOCK_GAS_LIMIT' })
      await t.resolves(validateBlock(chain.env, withBls([thirsty(first)])))
    })

    t.test('aggregate', async (t) => {
      const wrong = aggregateOf([{ message: first, key: sender }])
      await refused(t, 'of one message only', withHeader({ blsAggregate: wrong }), { code: 'BLOCK_AGGREGATE' })
      await refused(t, 'by another key', withBls(bls, testKey(blsKeyFromSeed(new Uint8Array(32)))), { code: 'BLOCK_AGGREGATE' })
      await refused(t, 'short', withHeader({ blsAggregate: { type: 2, data: new Uint8Array(95) } }), { code: 'BLOCK_AGGREGATE' })
      await refused(t, 'one message twice', withBls([first, first]), { code: 'BLOCK_AGGREGATE' })
    })

    t.test('senders and nonces', async (t) => {
      const stranger = testKey(blsKeyFromSeed(new Uint8Array(32).fill(9)))
      await refused(t, 'no actor', withBls([{ ...first, from: stranger.address, nonce: 0n }], stranger), {
        code: 'BLOCK_MESSAGE_SENDER',
      })
      await refused(t, 'a miner actor', withBls([{ ...first, from: good.header.miner }]), { code: 'BLOCK_MESSAGE_SENDER' })
      await refused(t, 'a nonce ahead', withBls([{ ...first, nonce: first.nonce + 1n }]), { code: 'BLOCK_MESSAGE_NONCE' })
      await refused(t, 'a nonce behind', withBls([{ ...first, nonce: first.nonce - 1n }]), { code: 'BLOCK_MESSAGE_NONCE' })
      await refused(t, 'order', withBls([second, first]), { code: 'BLOCK_MESSAGE_NONCE' })
      const id = chain.state.requireId(chain.state.parentState(base), first.from)
      await t.resolves(
        validateBlock(chain.env, withBls([first, { ...second, from: Address.fromId(id) }])),
        'by id and by key it is one sender',
      )
    })

    t.test('signatures', async (t) => {
      const spoil = (m: SignedMessage): SignedMessage => ({
        ...m,
        signature: { ...m.signature, data: Uint8Array.from(m.signature.data, (b, i) => (i === 7 ? b ^ 1 : b)) },
      })
      for (const [i, m] of secp.entries()) {
        const kind = m.signature.type === SignatureType.delegated ? 'delegated' : 'secp256k1'
        const bad = spoil(m)
        t.not(signedMessageCid(bad).toString(), signedMessageCid(m).toString())
        await refused(t, kind, withSecp(secp.map((s, at) => (at === i ? bad : s))), { code: 'BLOCK_MESSAGE_SIGNATURE' })
        const asOther: SignedMessage = { ...m, signature: { ...m.signature, type: kind === 'delegated' ? 1 : 3 } }
        await refused(t, `${kind} as the other kind`, withSecp(secp.map((s, at) => (at === i ? asOther : s))), {
          code: 'BLOCK_MESSAGE_SIGNATURE',
        })
        const asBls: SignedMessage = { ...m, signature: { type: 2, data: new Uint8Array(96) } }
        const blsKind = { code: 'BLOCK_MESSAGE_SIGNATURE', message: /type 2/ } as const
        await refused(t, `${kind} as BLS`, withSecp(secp.map((s, at) => (at === i ? asBls : s))), blsKind)
      }
      const delegated = secp.findIndex((m) => m.signature.type === SignatureType.delegated)
      const dearer = secp.map((s, at) =>
        at === delegated ? { ...s, message: { ...s.message, gasFeeCap: s.message.gasFeeCap + 1n } } : s,
      )
      await refused(t, 'a transaction that was signed otherwise', withSecp(dearer), { code: 'BLOCK_MESSAGE_SIGNATURE' })
      const otherChain = stateWith({ network: { ...chain.network, chainId: 314 } })
      await refused(t, 'a transaction of another chain', good, { code: 'BLOCK_MESSAGE_SIGNATURE' }, otherChain)
    })

    t.test('a listed block is taken with whatever messages it has', async (t) => {
      const block = withHeader({ blsAggregate: aggregateOf([{ message: first, key: sender }]) })
      await refused(t, 'not listed', block, { code: 'BLOCK_AGGREGATE' })
      const listed = stateWith({ network: { ...chain.network, whitelistedBlocks: [blockCid(block.header).toString()] } })
      await t.resolves(validateBlock({ ...chain.env, ...listed }, block))
    })
  })
}

function tipsetAt(chain: SnapshotChain, height: number) {
  const found = chain.tipsets.find((ts) => ts.height === height)
  if (found === undefined) throw new Error(`no tipset at ${height}`)
  return found
}

function blockAt(chain: SnapshotChain, height: number): FullBlock {
  return chain.fullBlock(tipsetAt(chain, height).first)
}
