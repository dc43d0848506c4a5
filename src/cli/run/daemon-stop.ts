import type { Context } from '../context.ts'

export async function stop({ node }: Context): Promise<void> {
  await node.call('Shutdown')
}
