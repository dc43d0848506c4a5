// Runs the benchmarks: every bench/*.bench.ts, or those whose name contains an argument. Each is run five times after one
// unmeasured run; printed are the median, its spread, the rate, and the ratio to the baseline named by the benchmark.
//
//   npm run bench [-- name …] [--json]

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Benchmark, Measurement } from './benchmark.ts'
import { summarize } from './benchmark.ts'

const runs = 5

async function main(args: readonly string[]): Promise<void> {
  const asJson = args.includes('--json')
  const wanted = args.filter((arg) => !arg.startsWith('--'))
  const folder = fileURLToPath(new URL('./', import.meta.url))
  const files = readdirSync(folder).filter((name) => name.endsWith('.bench.ts'))
  const chosen = files.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part))).sort()
  if (chosen.length === 0) console.log('there is no such benchmark in bench/')
  for (const file of chosen) {
    const benchmark = (await import(pathToFileURL(join(folder, file)).href)) as Benchmark
    const samples: Measurement[][] = []
    await benchmark.run()
    for (let run = 0; run < runs; run++) samples.push(await benchmark.run())
    const summary = summarize(samples)
    if (asJson) console.log(JSON.stringify({ name: benchmark.name, results: summary }))
    else {
      console.log(benchmark.name)
      for (const line of summary) {
        const rate = line.perSecond === undefined ? '' : `, ${line.perSecond} ${line.unit}/s`
        const ratio = line.ratio === undefined ? '' : `, ${line.ratio} × ${line.baseline}`
        console.log(
          `  ${line.name}: ${line.medianMs.toFixed(2)} ms (${line.minMs.toFixed(2)} to ${line.maxMs.toFixed(2)})${rate}${ratio}`,
        )
      }
    }
  }
}

await main(process.argv.slice(2))
