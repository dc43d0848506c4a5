import type { AnyMethod } from '../api/method.ts'
import * as methods from '../api/methods/net.ts'
import { NetError } from '../net/errors.ts'
import type { NetService } from '../net/service.ts'
import { netHandlers as viewHandlers } from '../rpc/handlers/net.ts'
import { type BoundHandler, bind } from '../rpc/router.ts'

/** Methods about the network. A node that talks to no peer has them too, and refuses with the reason. */
export function netHandlers({ net }: { readonly net: NetService | undefined }): readonly BoundHandler[] {
  if (net !== undefined) return viewHandlers({ net: net.view })
  return (Object.values(methods) as readonly AnyMethod[]).map((def) =>
    bind(def, () => {
      throw new NetError(
        'NET_STOPPED',
        'this node takes no part in the network: it has no chain yet, or it was started without peers',
      )
    }),
  )
}
