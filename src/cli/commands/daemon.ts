import { bool, command, type GroupSpec, int, text } from '../spec.ts'

export const daemonFlags = {
  api: text(),
  'api-listen': text(),
  'api-max-req-size': int({ default: 0 }),
  network: text(),
  'network-file': text(),
  bundles: text(),
  genesis: text(),
  bootstrap: bool({ default: true }),
  'import-chain': text(),
  'import-snapshot': text(),
  'halt-after-import': bool(),
  'remove-existing-chain': bool(),
  profile: text(),
  config: text(),
  'with-miner': bool(),
  'miner-repo': text({ aliases: ['storagerepo'] }),
  'miner-api': text(),
  'miner-nosync': bool(),
  'accept-unknown-past': bool(),
  // Node raises the limit of open files itself; accepted so that Lotus's service files keep working.
  'manage-fdlimit': bool({ default: true, hidden: true }),
} as const

export const daemon: GroupSpec = {
  name: 'daemon',
  self: command({
    name: 'daemon',
    flags: daemonFlags,
    run: async (context) => (await import('../run/daemon.ts')).daemon(context),
  }),
  commands: [command({ name: 'stop', run: async (context) => (await import('../run/daemon-stop.ts')).stop(context) })],
}
