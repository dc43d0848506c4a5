// Writes docs/errors.md: every code that a NodeError of src can carry, with the comment that stands at its declaration.
//
// Codes are found in two forms: a union type that the class declares (`declare readonly code: XErrorCode`, each member with
// a doc comment), and literals: given to `super('CODE', …)` or written as the class's code, described by the class's own comment.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export interface ErrorCode {
  readonly code: string
  readonly className: string
  /** Path from the repository's root. */
  readonly file: string
  readonly description: string
}

interface ErrorClass {
  readonly name: string
  readonly parent: string
  readonly file: string
  readonly comment: string
  readonly body: string
  readonly source: string
}

/**
 * All codes of the sources below `root`/src, sorted. Throws when a class has no code that can be read, so that no error
 * escapes the list.
 */
export function collectErrorCodes(root: string): ErrorCode[] {
  const classes = findClasses(root)
  const codes: ErrorCode[] = []
  for (const errorClass of classes) {
    const own = [...unionCodes(errorClass), ...literalCodes(errorClass)]
    const inherits = errorClass.parent !== 'NodeError' && !/\bsuper\s*\(/.test(errorClass.body)
    if (own.length === 0 && !inherits && !takesCodeOf(errorClass, classes)) {
      throw new Error(
        `${errorClass.file}: no code can be read from the class ${errorClass.name}; declare its codes as a union type`,
      )
    }
    for (const { code, description } of own) codes.push({ code, className: errorClass.name, file: errorClass.file, description })
  }
  const known = new Map<string, ErrorCode>()
  for (const entry of codes) if (!known.has(entry.code)) known.set(entry.code, entry)
  return [...known.values()].sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0))
}

/** Classes that extend NodeError, directly or through another of them. */
function findClasses(root: string): ErrorClass[] {
  const source = join(root, 'src')
  const all: ErrorClass[] = []
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    const pattern =
      /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?(?:export )?(?:abstract )?class (\w+)(?:<[^{]*?>)? extends (\w+)[^{]*\{/g
    for (const match of text.matchAll(pattern)) {
      const [head, comment = '', name = '', parent = ''] = match
      const start = match.index + head.length
      const end = text.indexOf('\n}', start)
      const body = text.slice(start, end < 0 ? undefined : end)
      all.push({ name, parent, file: relative(root, file), comment: plain(comment), body, source: text })
    }
  }
  const names = new Set(['NodeError'])
  for (let grown = true; grown; ) {
    grown = false
    for (const { name, parent } of all) {
      if (!names.has(parent) || names.has(name)) continue
      names.add(name)
      grown = true
    }
  }
  return all.filter(({ name }) => names.has(name) && name !== 'NodeError')
}

/** Members of the union type that the class names as the type of its code. */
function unionCodes({ body, source }: ErrorClass): { code: string; description: string }[] {
  const type = /\bcode\s*:\s*(\w+)/.exec(body)?.[1]
  const union =
    type === undefined || type === 'string'
      ? undefined
      : new RegExp(`\\btype ${type}\\s*=([\\s\\S]*?)(?=\\n\\S|\\n\\n|$(?![\\s\\S]))`).exec(source)?.[1]
  if (union === undefined) return []
  const members = union.matchAll(
    /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?\|?\s*(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?'([A-Z][A-Z0-9_]*)'/g,
  )
  return [...members].map(([, before, after, code = '']) => ({ code, description: plain(before ?? after ?? '') }))
}

/** Codes given to `super('CODE', …)`, and those of a union written in the class itself. */
function literalCodes({ body, comment }: ErrorClass): { code: string; description: string }[] {
  const inline = [...body.matchAll(/\bcode\s*:\s*((?:\|?\s*'[A-Z][A-Z0-9_]*'\s*)+)/g)]
    .flatMap(([, union = '']) => [...union.matchAll(/'(\w+)'/g)])
    .map(([, code = '']) => ({ code, description: comment }))
  return [
    ...inline,
    ...[...body.matchAll(/\bsuper\s*\(\s*'([A-Z][A-Z0-9_]*)'/g)].map(([, code = '']) => ({ code, description: comment })),
  ]
}

/** Whether a class hands a code on whose type another class has declared. */
function takesCodeOf({ parent }: ErrorClass, classes: readonly ErrorClass[]): boolean {
  return classes.some((other) => other.name === parent && unionCodes(other).length > 0)
}

/** A doc comment's text on one line, without the stars. */
function plain(comment: string): string {
  return comment
    .replace(/^\s*\*+ ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The page that lists the codes. */
export function renderErrors(codes: readonly ErrorCode[]): string {
  const rows = codes.map(({ code, className, file, description }) => {
    const text = description === '' ? className : description
    return `| \`${code}\` | ${text.replaceAll('|', '\\|')} | \`${file}\` |`
  })
  return `# Error codes

Every error that the program throws on purpose carries one of these codes: in \`error.code\`, in log lines, and in the data of a
JSON-RPC error. A code keeps its meaning from release to release. This page is made by \`scripts/gen-errors.ts\`.

| Code | Meaning | Declared in |
|---|---|---|
${rows.join('\n')}
`
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = fileURLToPath(new URL('../', import.meta.url))
  writeFileSync(join(root, 'docs', 'errors.md'), renderErrors(collectErrorCodes(root)))
}
