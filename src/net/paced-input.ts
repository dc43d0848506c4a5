import type { MultiaddrConnection } from '@libp2p/interface'
import { TurnShare } from './time-slice.ts'

/** All that comes from the network, over all connections. */
const share = new TurnShare('input')

/** What libp2p's connections over sockets hand their data to. */
interface DataSink extends MultiaddrConnection {
  readonly readStatus: 'readable' | 'paused' | 'closing' | 'closed'
  onData(data: Uint8Array): void
}

/**
 * Takes what comes over a connection in turns. A socket is otherwise read again and again while it has data, up to 2 MiB in one turn
 * of the event loop; in frames of a few bytes that is half a second of decrypting and answering.
 */
export function takeInTurns(connection: MultiaddrConnection): void {
  const sink = connection as DataSink
  const take = sink.onData.bind(sink)
  sink.onData = (data) => {
    if (share.isSpent && sink.readStatus === 'readable') {
      // Nothing more is read from the socket; what was read waits inside the connection.
      sink.pause()
      void share.pause().then(() => {
        if (sink.readStatus === 'paused') sink.resume()
      })
    }
    take(data)
  }
}
