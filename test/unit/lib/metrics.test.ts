import t from 'tap'
import { Counter, Gauge, Histogram, MetricsRegistry } from '../../../src/lib/metrics.ts'

t.test('metrics print as Prometheus reads them', async (t) => {
  const registry = new MetricsRegistry()
  const calls = registry.add(new Counter('calls_total', 'Calls.'))
  calls.add()
  calls.add(2, { method: 'a"b\\c\nd' })
  registry.add(new Gauge('height', 'Height.', () => 42))
  registry.add(new Gauge('unknown', 'Nothing to say yet.', () => undefined))
  const h = registry.add(new Histogram('took_ms', 'Time.', [1, 10]))
  for (const v of [0.5, 1, 5, 50]) h.observe(v)
  t.equal(
    registry.text(),
    `# HELP calls_total Calls.
# TYPE calls_total counter
calls_total 1
calls_total{method="a\\"b\\\\c\\nd"} 2
# HELP height Height.
# TYPE height gauge
height 42
# HELP unknown Nothing to say yet.
# TYPE unknown gauge
# HELP took_ms Time.
# TYPE took_ms histogram
took_ms_bucket{le="1"} 2
took_ms_bucket{le="10"} 3
took_ms_bucket{le="+Inf"} 4
took_ms_sum 56.5
took_ms_count 4
`,
  )
})

t.test('a name is taken once, and series have an end', async (t) => {
  const registry = new MetricsRegistry()
  registry.add(new Counter('one', 'One.'))
  t.throws(() => registry.add(new Counter('one', 'One.')), { code: 'METRIC_NAME' })
  t.throws(() => registry.add(new Counter('Not/Good', 'One.')), { code: 'METRIC_NAME' })
  const c = new Counter('many', 'Many.')
  for (let i = 0; i < 2000; i++) c.add(1, { i: String(i) })
  t.throws(() => c.add(1, { i: 'one more' }), { code: 'METRIC_SERIES' })
})
