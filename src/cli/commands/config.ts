import { bool, command, type GroupSpec } from '../spec.ts'

export const config: GroupSpec = {
  name: 'config',
  commands: [
    command({
      name: 'default',
      flags: { 'no-comment': bool() },
      run: async (context) => (await import('../run/config.ts')).defaultConfig(context),
    }),
    command({
      name: 'updated',
      flags: { 'no-comment': bool() },
      run: async (context) => (await import('../run/config.ts')).updatedConfig(context),
    }),
  ],
}
