import { bool, command, type GroupSpec, int, text } from '../spec.ts'

export const mpool: GroupSpec = {
  name: 'mpool',
  commands: [
    command({
      name: 'pending',
      flags: { local: bool(), cids: bool(), to: text(), from: text() },
      run: async (context) => (await import('../run/mpool/pending.ts')).pending(context),
    }),
    command({
      name: 'clear',
      flags: { local: bool(), 'really-do-it': bool() },
      run: async (context) => (await import('../run/mpool/clear.ts')).clear(context),
    }),
    command({ name: 'sub', run: async (context) => (await import('../run/mpool/sub.ts')).sub(context) }),
    command({
      name: 'stat',
      flags: { local: bool(), 'basefee-lookback': int({ default: 60 }) },
      run: async (context) => (await import('../run/mpool/stat.ts')).stat(context),
    }),
    command({
      name: 'replace',
      args: ['<fromOrCid>', '[nonce]'],
      flags: { 'gas-feecap': text(), 'gas-premium': text(), 'gas-limit': int(), auto: bool(), 'fee-limit': text() },
      run: async (context) => (await import('../run/mpool/replace.ts')).replace(context),
    }),
    command({
      name: 'find',
      flags: { from: text(), to: text(), method: int() },
      run: async (context) => (await import('../run/mpool/pending.ts')).find(context),
    }),
    command({
      name: 'config',
      args: ['[new-config]'],
      run: async (context) => (await import('../run/mpool/config.ts')).config(context),
    }),
    command({
      name: 'gas-perf',
      flags: { all: bool() },
      run: async (context) => (await import('../run/mpool/gas-perf.ts')).gasPerf(context),
    }),
    command({ name: 'manage', run: async (context) => (await import('../run/mpool/manage.ts')).manage(context) }),
  ],
}
