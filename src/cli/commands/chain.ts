import { bool, command, type GroupSpec, int, text } from '../spec.ts'

const decode: GroupSpec = {
  name: 'decode',
  commands: [
    command({
      name: 'params',
      args: ['<toAddr>', '<method>', '<params>'],
      flags: { tipset: text(), encoding: text({ default: 'base64' }) },
      run: async (context) => (await import('../run/chain/params.ts')).decodeParams(context),
    }),
  ],
}

const encode: GroupSpec = {
  name: 'encode',
  commands: [
    command({
      name: 'params',
      args: ['<dest>', '<method>', '<params>'],
      flags: { tipset: text(), encoding: text({ default: 'base64' }), 'to-code': bool() },
      run: async (context) => (await import('../run/chain/params.ts')).encodeParams(context),
    }),
  ],
}

export const chain: GroupSpec = {
  name: 'chain',
  commands: [
    command({
      name: 'head',
      flags: { height: bool() },
      run: async (context) => (await import('../run/chain/head.ts')).head(context),
    }),
    command({
      name: 'get-block',
      aliases: ['getblock'],
      args: ['<blockCid>'],
      flags: { raw: bool() },
      run: async (context) => (await import('../run/chain/get-block.ts')).getBlock(context),
    }),
    command({
      name: 'read-obj',
      args: ['<objectCid>'],
      run: async (context) => (await import('../run/chain/objects.ts')).readObject(context),
    }),
    command({
      name: 'delete-obj',
      args: ['<objectCid>'],
      flags: { 'really-do-it': bool() },
      run: async (context) => (await import('../run/chain/objects.ts')).deleteObject(context),
    }),
    command({
      name: 'stat-obj',
      args: ['<cid>'],
      flags: { base: text() },
      run: async (context) => (await import('../run/chain/objects.ts')).statObject(context),
    }),
    command({
      name: 'getmessage',
      aliases: ['get-message', 'get-msg'],
      args: ['<messageCid>'],
      run: async (context) => (await import('../run/chain/get-message.ts')).getMessage(context),
    }),
    command({
      name: 'sethead',
      aliases: ['set-head'],
      args: ['[tipsetKey...]'],
      flags: { genesis: bool(), epoch: int() },
      run: async (context) => (await import('../run/chain/set-head.ts')).setHead(context),
    }),
    command({
      name: 'list',
      aliases: ['ls', 'love'],
      flags: {
        height: int({ aliases: ['epoch'] }),
        count: int({ default: 30 }),
        format: text({ default: '<epoch>: (<time>) <blocks>' }),
        'gas-stats': bool(),
      },
      run: async (context) => (await import('../run/chain/list.ts')).list(context),
    }),
    command({
      name: 'get',
      args: ['<path>'],
      flags: { 'as-type': text(), verbose: bool(), tipset: text() },
      run: async (context) => (await import('../run/chain/get.ts')).get(context),
    }),
    command({
      name: 'bisect',
      args: ['<minHeight>', '<maxHeight>', '<path>', '<shellCommand>', '[shellCommandArgs...]'],
      passThrough: true,
      run: async (context) => (await import('../run/chain/bisect.ts')).bisect(context),
    }),
    command({
      name: 'export',
      args: ['<outputPath>'],
      flags: { tipset: text({ default: '@head' }), 'recent-stateroots': int(), 'skip-old-msgs': bool() },
      run: async (context) => (await import('../run/chain/export.ts')).exportChain(context),
    }),
    command({
      name: 'export-range',
      flags: {
        head: text({ default: '@head' }),
        tail: text({ default: '@tail' }),
        messages: bool(),
        receipts: bool(),
        stateroots: bool(),
        workers: int({ default: 1, min: 1 }),
        'write-buffer': int({ default: 1 << 20, min: 1 }),
      },
      run: async (context) => (await import('../run/chain/export.ts')).exportRange(context),
    }),
    command({
      name: 'slash-consensus',
      args: ['<blockCid1>', '<blockCid2>'],
      flags: { from: text(), extra: text() },
      run: async (context) => (await import('../run/chain/slash-consensus.ts')).slashConsensus(context),
    }),
    command({
      name: 'gas-price',
      run: async (context) => (await import('../run/chain/gas-price.ts')).gasPrice(context),
    }),
    command({
      name: 'inspect-usage',
      flags: { tipset: text({ default: '@head' }), length: int({ default: 1 }), 'num-results': int({ default: 10 }) },
      run: async (context) => (await import('../run/chain/inspect-usage.ts')).inspectUsage(context),
    }),
    decode,
    encode,
  ],
}
