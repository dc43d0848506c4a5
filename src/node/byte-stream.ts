/** Bytes that are gathered before a chunk is sent. */
const CHUNK_BYTES = 1 << 20
/** Chunks that wait for the reader; the producer stands still when there are more. */
const MAX_WAITING = 4

/**
 * Chunks of what `produce` writes into its sink, then one empty chunk that says that it is complete (Lotus ChainExport).
 * A reader that goes away ends the producer; a producer that fails ends the stream with its error.
 */
export async function* byteStream(
  signal: AbortSignal,
  produce: (sink: (bytes: Uint8Array) => Promise<void>, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const gone = new AbortController()
  const inner = AbortSignal.any([signal, gone.signal])
  const chunks: Uint8Array[] = []
  let gathered: Uint8Array[] = []
  let size = 0
  let wakeReader = (): void => undefined
  let wakeWriter = (): void => undefined
  const push = (): void => {
    if (size === 0) return
    chunks.push(Buffer.concat(gathered))
    gathered = []
    size = 0
    wakeReader()
  }
  const sink = async (bytes: Uint8Array): Promise<void> => {
    inner.throwIfAborted()
    // A copy: the producer may use its buffer again.
    gathered.push(bytes.slice())
    size += bytes.length
    if (size < CHUNK_BYTES) return
    push()
    while (chunks.length > MAX_WAITING) {
      await new Promise<void>((resolve) => {
        wakeWriter = resolve
      })
      inner.throwIfAborted()
    }
  }
  let done = false
  let failure: unknown
  const work = produce(sink, inner)
    .then(push, (e: unknown) => {
      failure = e
    })
    .finally(() => {
      done = true
      wakeReader()
    })
  try {
    for (;;) {
      const chunk = chunks.shift()
      if (chunk !== undefined) {
        wakeWriter()
        yield chunk
      } else if (done) break
      else
        await new Promise<void>((resolve) => {
          wakeReader = resolve
        })
    }
    if (failure !== undefined) throw failure
    yield new Uint8Array(0)
  } finally {
    gone.abort()
    wakeWriter()
    await work
  }
}
