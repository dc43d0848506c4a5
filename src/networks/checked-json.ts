import { NetworkError } from './errors.ts'

/** Reads an object of a network file key by key; every mistake is one sentence that names the key. */
export class CheckedObject {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #file: string
  readonly #taken = new Set<string>(['note'])

  constructor(value: unknown, path: string, file: string) {
    this.#path = path
    this.#file = file
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new NetworkError('NETWORK_FILE', `${file}: ${path === '' ? 'the file' : `"${path}"`} must be a JSON object.`)
    }
    this.#values = value as Record<string, unknown>
  }

  /** The full name of a key, for messages. */
  name(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`
  }

  fail(key: string, what: string): never {
    throw new NetworkError('NETWORK_FILE', `${this.#file}: "${this.name(key)}" ${what}.`)
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#values, key)
  }

  /** The value as it stands; the key counts as read. */
  raw(key: string): unknown {
    this.#taken.add(key)
    if (!this.has(key)) this.fail(key, 'is missing')
    return this.#values[key]
  }

  text(key: string): string {
    const value = this.raw(key)
    if (typeof value !== 'string' || value === '') this.fail(key, 'must be a text that is not empty')
    return value
  }

  optionalText(key: string): string | undefined {
    this.#taken.add(key)
    return this.has(key) && this.#values[key] !== null ? this.text(key) : undefined
  }

  oneOf<const T extends readonly string[]>(key: string, choices: T): T[number] {
    const value = this.raw(key)
    if (typeof value !== 'string' || !choices.includes(value)) this.fail(key, `must be one of ${choices.join(', ')}`)
    return value
  }

  int(key: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.raw(key)
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) this.fail(key, 'must be a whole number')
    if (value < min || value > max) {
      this.fail(
        key,
        max === Number.MAX_SAFE_INTEGER
          ? `must be ${min} or more, not ${value}`
          : `must be between ${min} and ${max}, not ${value}`,
      )
    }
    return value
  }

  bool(key: string): boolean {
    const value = this.raw(key)
    if (typeof value !== 'boolean') this.fail(key, 'must be true or false')
    return value
  }

  list(key: string): readonly unknown[] {
    const value = this.raw(key)
    if (!Array.isArray(value)) this.fail(key, 'must be a list')
    return value
  }

  texts(key: string): readonly string[] {
    return this.list(key).map((v) => (typeof v === 'string' ? v : this.fail(key, 'must be a list of texts')))
  }

  hex(key: string, lengths: readonly number[]): string {
    const value = this.text(key)
    if (!/^([0-9a-f]{2})*$/.test(value)) this.fail(key, 'must be lower-case hexadecimal')
    if (!lengths.includes(value.length / 2)) this.fail(key, `must hold ${lengths.join(' or ')} bytes, not ${value.length / 2}`)
    return value
  }

  object(key: string): CheckedObject {
    return new CheckedObject(this.raw(key), this.name(key), this.#file)
  }

  at(key: string, index: number, value: unknown): CheckedObject {
    return new CheckedObject(value, `${this.name(key)}[${index}]`, this.#file)
  }

  /** Refuses keys that nobody asked for: a typing mistake must not silently change a network. */
  end(): void {
    for (const key of Object.keys(this.#values)) if (!this.#taken.has(key)) this.fail(key, 'is not a key of a network file')
  }
}
