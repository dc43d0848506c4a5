import { bool, command, duration, type GroupSpec, int } from '../spec.ts'

const blockGroup = (name: 'add' | 'remove'): GroupSpec => ({
  name,
  commands: (['peer', 'ip', 'subnet'] as const).map((kind) =>
    command({
      name: kind,
      args: [{ peer: '<peerId...>', ip: '<ip...>', subnet: '<cidr...>' }[kind]],
      run: async (context) => (await import('../run/net/block.ts')).change(context, name, kind),
    }),
  ),
})

const block: GroupSpec = {
  name: 'block',
  commands: [
    blockGroup('add'),
    blockGroup('remove'),
    command({ name: 'list', run: async (context) => (await import('../run/net/block.ts')).list(context) }),
  ],
}

export const net: GroupSpec = {
  name: 'net',
  commands: [
    command({
      name: 'peers',
      flags: { agent: bool({ aliases: ['a'] }), extended: bool({ aliases: ['x'] }) },
      run: async (context) => (await import('../run/net/peers.ts')).peers(context),
    }),
    command({
      name: 'ping',
      args: ['<peer>'],
      flags: { count: int({ default: 10, min: 1, aliases: ['c'] }), interval: duration({ default: '1s', aliases: ['i'] }) },
      run: async (context) => (await import('../run/net/ping.ts')).ping(context),
    }),
    command({
      name: 'connect',
      args: ['<peer...>'],
      run: async (context) => (await import('../run/net/connect.ts')).connect(context),
    }),
    command({
      name: 'disconnect',
      args: ['<peerId...>'],
      run: async (context) => (await import('../run/net/connect.ts')).disconnect(context),
    }),
    command({ name: 'listen', run: async (context) => (await import('../run/net/self.ts')).listen(context) }),
    command({ name: 'id', run: async (context) => (await import('../run/net/self.ts')).id(context) }),
    command({
      name: 'find-peer',
      aliases: ['findpeer'],
      args: ['<peerId>'],
      run: async (context) => (await import('../run/net/connect.ts')).findPeer(context),
    }),
    command({
      name: 'scores',
      flags: { extended: bool({ aliases: ['x'] }) },
      run: async (context) => (await import('../run/net/peers.ts')).scores(context),
    }),
    command({ name: 'reachability', run: async (context) => (await import('../run/net/self.ts')).reachability(context) }),
    command({
      name: 'bandwidth',
      flags: { 'by-peer': bool(), 'by-protocol': bool() },
      run: async (context) => (await import('../run/net/bandwidth.ts')).bandwidth(context),
    }),
    block,
    command({
      name: 'stat',
      args: ['<scope>'],
      run: async (context) => (await import('../run/net/stat.ts')).stat(context),
    }),
    command({
      name: 'limit',
      args: ['<scope>', '[limit]'],
      flags: { set: bool() },
      run: async (context) => (await import('../run/net/stat.ts')).limit(context),
    }),
    command({
      name: 'protect',
      args: ['<peerId...>'],
      run: async (context) => (await import('../run/net/protect.ts')).protect(context),
    }),
    command({
      name: 'unprotect',
      args: ['<peerId...>'],
      run: async (context) => (await import('../run/net/protect.ts')).unprotect(context),
    }),
    command({
      name: 'list-protected',
      run: async (context) => (await import('../run/net/protect.ts')).listProtected(context),
    }),
  ],
}
