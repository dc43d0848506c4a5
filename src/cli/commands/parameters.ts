import { bool, command, text } from '../spec.ts'

export const fetchParamsFlags = { list: text(), check: bool() } as const

export const fetchParams = command({
  name: 'fetch-params',
  args: ['<sectorSize>'],
  flags: fetchParamsFlags,
  run: async (context) => (await import('../run/fetch-params.ts')).fetchParams(context),
})
