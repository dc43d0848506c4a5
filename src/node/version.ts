import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string }

export const nodeVersion = manifest.version
/** What other nodes and API clients are told. */
export const userAgent = `nelumbo-${nodeVersion}`
