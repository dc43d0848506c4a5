import t from 'tap'
import { contract } from '../../../../src/api/contract.ts'
import { queryHandlers } from '../../../../src/rpc/handlers/index.ts'

t.test('every query of the contract is answered, once', async (t) => {
  const ids = queryHandlers.map((h) => h.def.id)
  t.equal(new Set(ids).size, ids.length)
  for (const def of contract.values()) {
    // A method of an older endpoint is answered by its successor.
    if (def.where !== 'query' || def.forward !== undefined) continue
    t.ok(ids.includes(def.id), def.id)
  }
  for (const { def } of queryHandlers) t.equal(contract.get(def.id), def, `${def.id} is declared`)
})
