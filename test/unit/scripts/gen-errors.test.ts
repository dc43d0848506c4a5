import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { collectErrorCodes, renderErrors } from '../../../scripts/gen-errors.ts'

const repository = fileURLToPath(new URL('../../../', import.meta.url))

function codesOf(test: Pick<typeof t, 'testdir'>, files: Record<string, string>) {
  const root = test.testdir({ src: {} })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return collectErrorCodes(root)
}

t.test('codes of a union type, with the comments of its members', async (t) => {
  const codes = codesOf(t, {
    'src/a/errors.ts': `export type AErrorCode =
  /** First. */
  | 'A_ONE'
  /**
   * Second,
   * on two lines.
   */
  | 'A_TWO'

export class AError extends NodeError {
  declare readonly code: AErrorCode
  constructor(code: AErrorCode, message: string) {
    super(code, message)
  }
}
`,
  })
  t.strictSame(
    codes.map(({ code, description, file }) => [code, description, file]),
    [
      ['A_ONE', 'First.', 'src/a/errors.ts'],
      ['A_TWO', 'Second, on two lines.', 'src/a/errors.ts'],
    ],
  )
})

t.test('a literal code, with the comment of its class, also through another error class', async (t) => {
  const codes = codesOf(t, {
    'src/b/errors.ts': `/** Nothing here. */
export class GoneError extends NodeError {
  constructor() {
    super('B_GONE', 'it is gone')
  }
}

/** Long gone. */
class LongGoneError extends OtherError {
  constructor() {
    super('B_LONG_GONE', 'it is long gone')
  }
}
`,
    'src/c/errors.ts':
      "export class OtherError extends NodeError {\n  constructor(code: string) {\n    super('C_OTHER', code)\n  }\n}\n",
  })
  t.strictSame(
    codes.map(({ code, description }) => [code, description]),
    [
      ['B_GONE', 'Nothing here.'],
      ['B_LONG_GONE', 'Long gone.'],
      ['C_OTHER', ''],
    ],
  )
})

t.test('a union in the class itself', async (t) => {
  const codes = codesOf(t, {
    'src/e/log.ts':
      "/** Bad. */\nexport class LogError extends NodeError {\n  declare readonly code: 'E_ONE' | 'E_TWO'\n  constructor(code: LogError['code']) {\n    super(code, '')\n  }\n}\n",
  })
  t.strictSame(
    codes.map(({ code, description }) => [code, description]),
    [
      ['E_ONE', 'Bad.'],
      ['E_TWO', 'Bad.'],
    ],
  )
})

t.test('a class whose codes cannot be read is refused', async (t) => {
  const source = 'export class LooseError extends NodeError {\n  constructor(code: string) {\n    super(code, "")\n  }\n}\n'
  t.throws(() => codesOf(t, { 'src/d/errors.ts': source }), { message: /no code can be read from the class LooseError/ })
})

t.test('docs/errors.md has every code of the sources', async (t) => {
  const page = readFileSync(join(repository, 'docs', 'errors.md'), 'utf8')
  const codes = collectErrorCodes(repository)
  t.ok(codes.length > 0)
  const missing = codes.filter(({ code }) => !page.includes(`| \`${code}\` |`)).map(({ code }) => code)
  t.strictSame(missing, [], 'type: bin/run-node scripts/gen-errors.ts')
  t.match(renderErrors(codes), /^# Error codes\n/)
})
