import { bool, commandOf, duration, type GroupSpec, int, text } from '../spec.ts'

const groupFlags = { tipset: text() } as const
const command = commandOf(groupFlags)

const market: GroupSpec = {
  name: 'market',
  commands: [
    command({
      name: 'balance',
      args: ['<address>'],
      run: async (context) => (await import('../run/state/market.ts')).balance(context),
    }),
    command({
      name: 'proposal-pending',
      args: ['<proposalCid>'],
      run: async (context) => (await import('../run/state/market.ts')).proposalPending(context),
    }),
  ],
}

export const state: GroupSpec = {
  name: 'state',
  flags: groupFlags,
  commands: [
    command({
      name: 'power',
      args: ['[minerAddress]'],
      run: async (context) => (await import('../run/state/power.ts')).power(context),
    }),
    command({
      name: 'sectors',
      args: ['<minerAddress>'],
      flags: { 'show-partitions': bool(), all: bool(), human: bool() },
      run: async (context) => (await import('../run/state/sectors.ts')).sectors(context),
    }),
    command({
      name: 'active-sectors',
      args: ['<minerAddress>'],
      flags: { 'show-partitions': bool(), human: bool() },
      run: async (context) => (await import('../run/state/sectors.ts')).activeSectors(context),
    }),
    command({ name: 'list-actors', run: async (context) => (await import('../run/state/lists.ts')).listActors(context) }),
    command({
      name: 'list-miners',
      flags: { 'sort-by': text() },
      run: async (context) => (await import('../run/state/lists.ts')).listMiners(context),
    }),
    command({
      name: 'circulating-supply',
      flags: { 'vm-supply': bool() },
      run: async (context) => (await import('../run/state/network.ts')).circulatingSupply(context),
    }),
    command({
      name: 'sector',
      aliases: ['sector-info'],
      args: ['<minerAddress>', '<sectorNumber>'],
      run: async (context) => (await import('../run/state/sector.ts')).sector(context),
    }),
    command({
      name: 'get-actor',
      args: ['<actorAddress>'],
      run: async (context) => (await import('../run/state/actor.ts')).getActor(context),
    }),
    command({
      name: 'lookup',
      args: ['<address>'],
      flags: { reverse: bool({ aliases: ['r'] }) },
      run: async (context) => (await import('../run/state/actor.ts')).lookup(context),
    }),
    command({
      name: 'replay',
      args: ['<messageCid>'],
      flags: { 'show-trace': bool(), 'detailed-gas': bool() },
      run: async (context) => (await import('../run/state/replay.ts')).replay(context),
    }),
    command({
      name: 'sector-size',
      args: ['<minerAddress>'],
      run: async (context) => (await import('../run/state/miner.ts')).sectorSize(context),
    }),
    command({
      name: 'read-state',
      args: ['<actorAddress>'],
      run: async (context) => (await import('../run/state/actor.ts')).readState(context),
    }),
    command({
      name: 'list-messages',
      flags: { to: text(), from: text(), toheight: int({ default: 0 }), cids: bool(), 'order-by-nonce': bool() },
      run: async (context) => (await import('../run/state/list-messages.ts')).listMessages(context),
    }),
    command({
      name: 'compute-state',
      flags: {
        'vm-height': int({ default: 0 }),
        'apply-mpool-messages': bool(),
        'show-trace': bool(),
        html: bool(),
        'compute-state-output': text(),
        'no-timing': bool(),
      },
      run: async (context) => (await import('../run/state/compute.ts')).computeState(context),
    }),
    command({
      name: 'call',
      args: ['<toAddress>', '<methodId>', '[params]'],
      flags: {
        from: text({ default: 'f00' }),
        value: text({ default: '0' }),
        ret: text({ default: 'decoded' }),
        encoding: text({ default: 'base64' }),
      },
      run: async (context) => (await import('../run/state/call.ts')).call(context),
    }),
    command({
      name: 'get-deal',
      args: ['<dealId>'],
      run: async (context) => (await import('../run/state/market.ts')).getDeal(context),
    }),
    command({
      name: 'wait-msg',
      aliases: ['wait-message'],
      args: ['<messageCid>'],
      flags: { timeout: duration({ default: '10m' }) },
      run: async (context) => (await import('../run/state/find-message.ts')).waitMessage(context),
    }),
    command({
      name: 'search-msg',
      aliases: ['search-message'],
      args: ['<messageCid>'],
      run: async (context) => (await import('../run/state/find-message.ts')).searchMessage(context),
    }),
    command({
      name: 'miner-info',
      args: ['<minerAddress>'],
      run: async (context) => (await import('../run/state/miner.ts')).minerInfo(context),
    }),
    market,
    command({
      name: 'exec-trace',
      args: ['<messageCid>'],
      run: async (context) => (await import('../run/state/exec-trace.ts')).execTrace(context),
    }),
    command({
      name: 'network-version',
      run: async (context) => (await import('../run/state/network.ts')).networkVersion(context),
    }),
    command({
      name: 'miner-proving-deadline',
      args: ['<minerAddress>'],
      run: async (context) => (await import('../run/state/miner.ts')).provingDeadline(context),
    }),
    command({
      name: 'actor-cids',
      flags: { 'network-version': int() },
      run: async (context) => (await import('../run/state/network.ts')).actorCids(context),
    }),
  ],
}
