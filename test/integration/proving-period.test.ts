// A miner, as a process of its own, through a proving period and into the next one: every deadline is met, although the process is
// killed at each stage of a window PoSt, and a sector whose file goes and comes back is faulty in between.
//
// With the full figures every epoch passes, all deadlines have sectors that can have them, the process dies in four of five, and
// thousands of elections are counted; else two deadlines, with null rounds before them.

import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { submitWindowedPoStParams } from '../../src/actors/methods/miner-sectors.ts'
import type { Api } from '../../src/api/api.ts'
import { decode } from '../../src/codec/codec.ts'
import { FakeProver } from '../../src/miner/fake-prover.ts'
import { initMiner } from '../../src/node/miner-init.ts'
import { Address } from '../../src/types/address.ts'
import { winCount } from '../../src/types/election.ts'
import { type Message, messageCid } from '../../src/types/message.ts'
import { TipsetKey } from '../../src/types/tipset.ts'
import { runCli } from '../kit/cli.ts'
import { type Ensemble, ensemble } from '../kit/ensemble.ts'
import { skipTo } from '../kit/far-block.ts'
import type { FastTime } from '../kit/fast-time.ts'
import { isFull } from '../kit/figures.ts'
import { MinerProcess } from '../kit/miner-process.ts'
import { until } from '../kit/net-pair.ts'
import { sharedData } from '../kit/shared-data.ts'

t.setTimeout(isFull ? 14_400_000 : 900_000)

const MINER = Address.fromId(1000n)
const SUBMIT_WINDOWED_POST = 5n
const PERIOD = 2880
const WINDOW = 60
const FINALITY = 900
const PATIENCE_MS = 120_000
/** Sectors are dealt two, a partition, to a deadline; of the full figure some deadlines have a second partition. */
const SECTORS = isFull ? 95 : 9
/** The deadline that is open at genesis and the next one take no sectors. */
const DEADLINES = Array.from({ length: isFull ? 48 : 5 }, (_, i) => i).filter((i) => i !== 37 && i !== 38)
/** The sector that gets lost is of this deadline. */
const LOSSY = 3
/** Epochs that a miner tells the wins of in one answer. */
const MOST_EPOCHS = 2880

/** When the process is killed. */
type Death = 'never' | 'proving' | 'proven' | 'sent' | 'included'

class World {
  readonly net: Ensemble
  readonly time: FastTime
  readonly api: Api
  readonly repoPath: string
  readonly sectors: string
  #miner: MinerProcess | undefined
  /** Height from which on every epoch had its time. */
  liveSince = 0

  constructor(t: Test, net: Ensemble) {
    this.net = net
    this.time = net.time as FastTime
    this.api = net.devnet.node.api as Api
    this.repoPath = net.devnet.layout.miner
    this.sectors = net.devnet.layout.sectors('t01000')
    this.time.limit = this.time.clock.now()
    this.time.quiet = () => this.#miner?.isQuiet(this.height) === true
    t.teardown(() => this.#miner?.kill())
  }

  get height(): number {
    return this.net.devnet.node.chain.requireHead().height
  }

  get miner(): MinerProcess {
    if (this.#miner === undefined) throw new Error('the miner does not run')
    return this.#miner
  }

  async init(): Promise<void> {
    await initMiner(this.api, {
      repoPath: this.repoPath,
      actor: MINER,
      preSealedSectors: [this.sectors],
      preSealedMetadata: join(this.sectors, 'pre-seal-t01000.json'),
      localStorage: false,
      noSync: true,
      signal: new AbortController().signal,
    })
  }

  async start(holdProofs = false): Promise<void> {
    const { node } = this.net.devnet.layout
    const text = (name: string): string => readFileSync(join(node, name), 'utf8').trim()
    const fullNode = `${text('token')}:${text('api')}`
    this.#miner = await new MinerProcess(this.time, {
      repoPath: this.repoPath,
      sectors: this.sectors,
      fullNode,
      holdProofs,
    }).ready()
  }

  async kill(): Promise<void> {
    await this.miner.kill()
    this.#miner = undefined
  }

  async stop(): Promise<void> {
    await this.#miner?.stop()
    this.#miner = undefined
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  /** Lets time pass until the head is at a height. */
  async reach(height: number): Promise<void> {
    const genesis = Number(this.net.devnet.node.chain.genesis?.minTimestamp)
    this.time.limit = (genesis + height * this.net.devnet.network.blockDelaySecs) * 1000
    const there = (): boolean => {
      // The last epoch was lost.
      if (this.height < height && this.time.exhausted) this.time.limit += this.net.devnet.network.blockDelaySecs * 1000
      return this.height >= height && this.time.quiet()
    }
    await until(there, isFull ? 60 * PATIENCE_MS : PATIENCE_MS, `height ${height}`)
  }

  /** To a height, live or over null rounds. */
  async pass(height: number): Promise<void> {
    if (isFull) return this.reach(height)
    if (height - this.height < 15) return this.reach(height)
    await this.stop()
    const { node } = this.net.devnet
    await skipTo({ node, time: this.time, repoPath: this.repoPath, miner: MINER, prover: () => new FakeProver() }, height)
    this.liveSince = this.height
    await this.start()
  }

  /** The window PoSts in blocks above a height, with what executing them ended with. */
  async posts(above: number): Promise<{ message: Message; exitCode: number }[]> {
    const { chain } = this.net.devnet.node
    const found: { message: Message; exitCode: number }[] = []
    for (let at = chain.requireHead(); at.height > above; at = chain.reader.parent(at)) {
      for (const message of at.blocks.flatMap((block) => chain.reader.messages(block).bls)) {
        if (message.method !== SUBMIT_WINDOWED_POST) continue
        const result = await this.api.stateSearchMsg([TipsetKey.empty, messageCid(message), -1, true])
        found.push({ message, exitCode: result?.receipt.exitCode ?? -1 })
      }
    }
    return found
  }

  async faults(): Promise<bigint[]> {
    return [...(await this.api.stateMinerFaults([MINER, TipsetKey.empty]))]
  }
}

/** Passes a deadline, in which the process dies once; what it must leave on chain is there. */
async function passDeadline(
  t: Test,
  w: World,
  index: number,
  open: number,
  death: Death,
  skipped: readonly bigint[],
): Promise<void> {
  await w.pass(open - 25)
  const from = w.height
  const { begun } = w.miner
  t.ok(from < open - 19, `deadline ${index} at ${open} was not begun`)
  if (death === 'proving') {
    await w.stop()
    await w.start(true)
    // The proof is held, and with it the time: the head stays where the challenge has settled.
    const genesis = Number(w.net.devnet.node.chain.genesis?.minTimestamp)
    w.time.limit = (genesis + open * w.net.devnet.network.blockDelaySecs) * 1000
    await until(() => w.miner.begun > 0, PATIENCE_MS, 'the beginning of a proof')
    t.equal(w.height, open - 19)
    await w.restart()
  }
  if (death === 'proven') {
    await w.reach(open - 5)
    t.equal(w.miner.begun, begun + 1)
    await w.restart()
  }
  if (death === 'sent') {
    await w.reach(open + 4)
    const pending = await w.api.mpoolPending([TipsetKey.empty])
    t.equal(pending.filter(({ message }) => message.method === SUBMIT_WINDOWED_POST).length, 1, 'it is on its way')
    await w.restart()
  }
  if (death === 'included') {
    await w.reach(open + 5)
    t.equal((await w.posts(from)).length, 1, 'it is in a block, and not executed')
    await w.restart()
  }
  await w.reach(open + 9)
  const posts = await w.posts(from)
  t.equal(posts.length, 1, `one message for deadline ${index}, killed ${death}`)
  t.ok(posts.every((p) => p.exitCode === 0))
  const params = decode(submitWindowedPoStParams, (posts[0] as (typeof posts)[0]).message.params)
  t.equal(params.deadline, BigInt(index))
  t.same(
    params.partitions.flatMap((p) => [...p.skipped]),
    skipped,
  )
  const deadlines = await w.api.stateMinerDeadlines([MINER, TipsetKey.empty])
  const partitions = await w.api.stateMinerPartitions([MINER, index, TipsetKey.empty])
  t.equal(deadlines[index]?.postSubmissions.count, BigInt(partitions.length))
}

t.test('a miner meets every deadline', async (t) => {
  if (sharedData(t, 'actors') === undefined) return
  const net = await ensemble(t, { blockDelaySecs: 30, sectorsPerMiner: SECTORS }).fast().fullNode().miner().start().ready
  const w = new World(t, net)
  await w.init()
  await w.start()
  await w.reach(1)
  const { periodStart } = await w.api.stateMinerProvingDeadline([MINER, TipsetKey.empty])
  const first = periodStart > 0 ? periodStart : periodStart + PERIOD
  const sectorsOf = async (index: number): Promise<bigint[]> =>
    (await w.api.stateMinerPartitions([MINER, index, TipsetKey.empty])).flatMap((p) => [...p.liveSectors])
  const indexes: number[] = []
  for (let i = 0; i < 48; i++) if ((await sectorsOf(i)).length > 0) indexes.push(i)
  t.same(indexes, DEADLINES)
  const [lost] = await sectorsOf(LOSSY)
  const file = join(w.sectors, 'sealed', `s-t01000-${lost}`)
  const power = async () => (await w.api.stateMinerPower([MINER, TipsetKey.empty])).minerPower.rawBytePower
  const full = await power()

  const deaths: readonly Death[] = isFull ? ['proving', 'proven', 'sent', 'never', 'included'] : ['proving', 'sent']
  for (const index of isFull ? indexes : indexes.slice(0, deaths.length)) {
    if (index === LOSSY) renameSync(file, `${file}.gone`)
    const death = deaths[index % deaths.length] as Death
    await passDeadline(t, w, index, first + index * WINDOW, death, index === LOSSY ? [lost as bigint] : [])
  }
  if (!isFull) {
    t.same(await w.faults(), [])
    return w.stop()
  }
  t.same(await w.faults(), [lost])
  t.equal(await power(), full - 2048n)
  const shown = await runCli(['--repo', net.devnet.layout.node, 'proving', 'faults', '--miner-repo', w.repoPath])
  t.match(shown.stdout, new RegExp(`\\n${LOSSY}\\s+0\\s+${lost}\\n`), shown.stderr)

  // In the next period the file is back when its deadline is two ahead: it is declared, proven, and no fault any more.
  const again = first + PERIOD
  for (const index of indexes.slice(0, LOSSY + 2)) {
    if (index === LOSSY - 2) renameSync(`${file}.gone`, file)
    await passDeadline(t, w, index, again + index * WINDOW, 'never', [])
    const recovering = [...(await w.api.stateMinerRecoveries([MINER, TipsetKey.empty]))]
    if (index === LOSSY - 2 || index === LOSSY - 1) t.same(recovering, [lost], 'it is declared')
    t.same(await w.faults(), index < LOSSY ? [lost] : [])
  }
  t.equal(await power(), full)

  await checkElections(t, w)
  await w.stop()
})

/** Since the last epoch that was left out: who wins is what power and draw say, and whoever wins makes a block. */
async function checkElections(t: Test, w: World): Promise<void> {
  const { chain } = w.net.devnet.node
  const to = w.height
  const made: [epoch: number, wins: number][] = []
  for (let at = chain.requireHead(); at.height > w.liveSince; at = chain.reader.parent(at)) {
    const { electionProof } = at.first
    const lookback = await w.api.chainGetTipSetByHeight([Math.max(0, at.height - FINALITY), TipsetKey.empty])
    const { minerPower, totalPower } = await w.api.stateMinerPower([MINER, new TipsetKey(lookback.cids)])
    const { vrfProof, winCount: stated } = electionProof as NonNullable<typeof electionProof>
    const wins = winCount(vrfProof, minerPower.qualityAdjPower, totalPower.qualityAdjPower)
    if (BigInt(wins) !== stated) t.equal(stated, BigInt(wins), `the wins at ${at.height}`)
    made.unshift([at.height, wins])
  }
  // The miner's own recomputation, which draws anew for every epoch, also for those without a block.
  const counted: [epoch: number, wins: number][] = []
  for (let from = w.liveSince + 1; from <= to; from += MOST_EPOCHS) {
    const range = [from, Math.min(to, from + MOST_EPOCHS - 1)]
    const [winners] = (await w.miner.call('MiningCountWinners', [['t01000'], ...range])) as Winners[]
    for (const { Epoch, WinCount } of winners?.WinEpochs ?? []) counted.push([Epoch, WinCount])
  }
  t.same(
    counted,
    made,
    `${made.length} blocks in ${to - w.liveSince} epochs, ${made.reduce((sum, [, wins]) => sum + wins, 0)} wins`,
  )
  if (isFull) t.ok(to - w.liveSince > 1000)
}

interface Winners {
  readonly WinEpochs: readonly { readonly Epoch: number; readonly WinCount: number }[]
}
