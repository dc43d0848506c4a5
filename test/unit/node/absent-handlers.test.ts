import t from 'tap'
import { absentHandlers } from '../../../src/node/absent-handlers.ts'
import { testServer } from '../../kit/rpc-server.ts'

t.test("what the node does not have is refused with the numbers by which Lotus's tools go on", async (t) => {
  const { client } = await testServer(t, absentHandlers())
  const api = client()
  const f3 = { rpcCode: 4, message: /f3 is disabled/ }
  await t.rejects(api.callJson('Filecoin.F3IsRunning', []), f3)
  await t.rejects(api.callJson('Filecoin.F3GetOrRenewParticipationTicket', ['t01000', null, 5]), f3)
  await t.rejects(api.callJson('Filecoin.PaychList', []), {
    rpcCode: 13,
    message: /payment channels disabled \(EnablePaymentChannelManager=false\)/,
  })
})
