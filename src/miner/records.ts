/** What the miner's parts need of its metadata store; `MetadataStore` of src/store fits. */
export interface MinerRecords {
  /** Reads synchronously. */
  get(key: string): Uint8Array | undefined
  /** Applies all changes or none. @param options.sync settles when a power cut can no longer lose them */
  batch(
    changes: readonly { readonly key: string; readonly value: Uint8Array | undefined }[],
    options?: { readonly sync?: boolean },
  ): Promise<void>
  /** Records whose key begins with `prefix`, in key order. */
  iterate(prefix: string): AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>
}
