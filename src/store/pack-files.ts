import { closeSync, openSync, readSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { carHeader } from './car/header.ts'
import { StoreError } from './errors.ts'

/** A pack is closed and the next one begun when it has grown past this. Offsets must fit 32 bits. */
const PACK_BYTES = 1 << 30
const NAME = /^(\d{8})\.car$/
/** Packs whose descriptor a reader keeps open. */
const MAX_OPEN = 512

/** Every pack begins with this: a CARv1 header without roots, so that other tools can read a pack. */
export const packHeader: Uint8Array = carHeader([])

function packPath(folder: string, pack: number): string {
  return join(folder, `${pack.toString().padStart(8, '0')}.car`)
}

/** Numbers of the packs in a folder, ascending, with their sizes in bytes. */
export async function listPacks(
  folder: string,
): Promise<{ readonly pack: number; readonly path: string; readonly bytes: number }[]> {
  const out: { pack: number; path: string; bytes: number }[] = []
  for (const name of await readdir(folder)) {
    const match = NAME.exec(name)
    if (match === null) continue
    const path = join(folder, name)
    out.push({ pack: Number(match[1]), path, bytes: (await stat(path)).size })
  }
  return out.sort((a, b) => a.pack - b.pack)
}

/** Where bytes came to lie. */
export interface PackPlace {
  readonly pack: number
  readonly offset: number
  /** Settles when the bytes are written (not when they are on the disk). */
  readonly written: Promise<void>
}

interface OpenPack {
  readonly number: Promise<number>
  readonly file: Promise<FileHandle>
  /** Next free offset. */
  end: number
  /** The last write that was queued: writes of one pack follow each other. */
  tail: Promise<void>
}

/**
 * Appends to packs of its own: a handle never writes into a pack that another one began, so that threads need no lock, and
 * never into one of an earlier run, so that what a crash left behind stays as it is.
 */
export class PackWriter {
  readonly #folder: string
  readonly #onSealed: (pack: number, bytes: number) => Promise<void>
  #current: OpenPack | undefined
  #next: number
  #sealing: Promise<void> = Promise.resolve()
  #failed: unknown

  /** @param next a number at which to look for a free pack name @param onSealed told when a pack is complete and on disk */
  constructor(folder: string, next: number, onSealed: (pack: number, bytes: number) => Promise<void>) {
    this.#folder = folder
    this.#next = next
    this.#onSealed = onSealed
  }

  /** Appends `parts` one after the other; the place is fixed at once, writing goes on in the background. */
  async append(parts: readonly Uint8Array[]): Promise<PackPlace> {
    if (this.#failed !== undefined) throw this.#failed
    let bytes = 0
    for (const p of parts) bytes += p.length
    let current = this.#current
    if (current !== undefined && current.end + bytes > PACK_BYTES && current.end > packHeader.length) {
      this.#seal(current)
      current = undefined
    }
    current ??= this.#begin()
    const offset = current.end
    current.end += bytes
    const written = current.tail.then(() => this.#write(current, parts, offset))
    current.tail = written
    // The failure is seen by whoever awaits `written`, and by every later append.
    written.catch((e: unknown) => {
      this.#failed ??= e
    })
    return { pack: await current.number, offset, written }
  }

  /** Makes everything appended so far survive a power cut. */
  async sync(): Promise<void> {
    await this.#sealing
    const current = this.#current
    if (current === undefined) return
    await current.tail
    await (await current.file).datasync()
  }

  async close(): Promise<void> {
    const current = this.#current
    if (current !== undefined) this.#seal(current)
    await this.#sealing
  }

  #begin(): OpenPack {
    const created = this.#create()
    const ignore = (): void => {}
    const pack: OpenPack = {
      number: created.then((c) => c.pack),
      file: created.then((c) => c.file),
      end: packHeader.length,
      tail: created.then(async ({ file }) => {
        await file.write(packHeader, 0, packHeader.length, 0)
      }),
    }
    // A pack that cannot be made fails the append that wanted it; these would fail once more with nobody listening.
    pack.number.catch(ignore)
    pack.file.catch(ignore)
    this.#current = pack
    return pack
  }

  async #create(): Promise<{ pack: number; file: FileHandle }> {
    for (;;) {
      const pack = this.#next++
      try {
        return { pack, file: await open(packPath(this.#folder, pack), 'wx') }
      } catch (e) {
        // Another thread took the number.
        if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e
      }
    }
  }

  async #write(pack: OpenPack, parts: readonly Uint8Array[], offset: number): Promise<void> {
    const file = await pack.file
    let at = offset
    for (const part of parts) {
      let done = 0
      while (done < part.length) {
        const { bytesWritten } = await file.write(part, done, part.length - done, at)
        done += bytesWritten
        at += bytesWritten
      }
    }
  }

  #seal(pack: OpenPack): void {
    this.#current = undefined
    const before = this.#sealing
    this.#sealing = (async () => {
      await before
      await pack.tail
      const file = await pack.file
      await file.datasync()
      await file.close()
      await this.#onSealed(await pack.number, pack.end)
    })()
    this.#sealing.catch((e: unknown) => {
      this.#failed ??= e
    })
  }
}

/** Reads from packs, synchronously, through descriptors that it keeps. */
export class PackReader {
  readonly #folder: string
  readonly #open = new Map<number, number>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** `length` bytes, or undefined where the pack is gone or ends before them (it was cut off by a power failure). */
  read(pack: number, offset: number, length: number): Uint8Array | undefined {
    const fd = this.#descriptor(pack)
    if (fd === undefined) return undefined
    const out = Buffer.allocUnsafeSlow(length)
    let done = 0
    while (done < length) {
      const n = readSync(fd, out, done, length - done, offset + done)
      if (n === 0) return undefined
      done += n
    }
    return out
  }

  #descriptor(pack: number): number | undefined {
    const known = this.#open.get(pack)
    if (known !== undefined) return known
    let fd: number
    try {
      fd = openSync(packPath(this.#folder, pack), 'r')
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new StoreError('STORE_CORRUPT', `pack ${pack} of the block store cannot be read`, { cause: e })
    }
    this.#open.set(pack, fd)
    if (this.#open.size > MAX_OPEN) {
      const [oldest, old] = this.#open.entries().next().value as [number, number]
      closeSync(old)
      this.#open.delete(oldest)
    }
    return fd
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd)
    this.#open.clear()
  }
}

/** Cuts a pack off at `bytes`, or removes it when nothing but its header is left. */
export async function truncatePack(folder: string, pack: number, bytes: number): Promise<void> {
  const path = packPath(folder, pack)
  if (bytes <= packHeader.length) {
    await rm(path, { force: true })
    return
  }
  const file = await open(path, 'r+')
  try {
    await file.truncate(bytes)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** @throws StoreError STORE_OPEN */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    throw new StoreError('STORE_OPEN', `the folder ${folder} cannot be made`, { cause })
  }
}
