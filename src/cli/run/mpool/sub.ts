import type { Context } from '../../context.ts'

export async function sub({ node, out, signal }: Context): Promise<void> {
  const [{ mpoolSub }, { anyJson }] = await Promise.all([
    import('../../../api/methods/mpool.ts'),
    import('../../../api/types/shape.ts'),
  ])
  try {
    // As the node writes it: the letter of addresses is the network's.
    for await (const update of node.stream({ ...mpoolSub, result: anyJson }, [])) out.json(update)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
