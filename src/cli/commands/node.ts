import { bool, command, duration } from '../spec.ts'

export const version = command({
  name: 'version',
  run: async (context) => (await import('../run/version.ts')).version(context),
})

export const info = command({ name: 'info', run: async (context) => (await import('../run/info.ts')).info(context) })

export const status = command({
  name: 'status',
  flags: { chain: bool() },
  run: async (context) => (await import('../run/status.ts')).status(context),
})

export const waitApi = command({
  name: 'wait-api',
  flags: { timeout: duration({ default: '30s' }) },
  run: async (context) => (await import('../run/wait-api.ts')).waitApi(context),
})
