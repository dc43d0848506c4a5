import { command, type GroupSpec, text } from '../spec.ts'

export const auth: GroupSpec = {
  name: 'auth',
  commands: [
    command({
      name: 'create-token',
      flags: { perm: text() },
      run: async (context) => (await import('../run/auth.ts')).createToken(context),
    }),
    command({
      name: 'api-info',
      flags: { perm: text() },
      run: async (context) => (await import('../run/auth.ts')).apiInfo(context),
    }),
  ],
}
