/** The node itself: version, session, tokens, log. */
import { list } from '../../codec/combinators.ts'
import { bytesOrEmpty, text } from '../../codec/primitives.ts'
import { allPermissions, apiVersions, method, param } from '../method.ts'
import { alerts, apiVersionInfo } from '../types/network.ts'
import { anyJson, nothing, oneOf, time, uuid } from '../types/shape.ts'
import { v0v1 } from './params.ts'

const permission = oneOf('permission', allPermissions)

export const version = method({
  name: 'Filecoin.Version',
  perm: 'read',
  params: [],
  result: apiVersionInfo,
  doc: "The program's and the API's version and the block delay in seconds.",
  versions: v0v1,
  where: 'main',
})

export const id = method({
  name: 'Filecoin.ID',
  perm: 'read',
  params: [],
  result: text,
  doc: "The node's libp2p peer id.",
  versions: v0v1,
  where: 'main',
})

export const session = method({
  name: 'Filecoin.Session',
  perm: 'read',
  params: [],
  result: uuid,
  doc: 'A random UUID that changes with each start of the program.',
  versions: v0v1,
  where: 'main',
})

export const startTime = method({
  name: 'Filecoin.StartTime',
  perm: 'read',
  params: [],
  result: time,
  doc: 'When the program started.',
  versions: v0v1,
  where: 'main',
})

export const shutdown = method({
  name: 'Filecoin.Shutdown',
  perm: 'admin',
  params: [],
  result: nothing,
  doc: 'Stops the node in good order.',
  versions: v0v1,
  where: 'main',
})

export const closing = method({
  name: 'Filecoin.Closing',
  perm: 'read',
  params: [],
  result: nothing,
  doc: 'A stream without items that ends when the node stops.',
  versions: v0v1,
  where: 'main',
  stream: true,
})

export const discover = method({
  name: 'Filecoin.Discover',
  aliases: ['rpc.discover'],
  perm: 'read',
  params: [],
  result: anyJson,
  doc: 'The OpenRPC document of this endpoint.',
  versions: apiVersions,
  where: 'main',
})

export const authVerify = method({
  name: 'Filecoin.AuthVerify',
  perm: 'read',
  params: [param('token', text)],
  result: list(permission, { emptyJson: 'null' }),
  doc: 'The permissions that a token gives.',
  versions: v0v1,
  where: 'main',
})

export const authNew = method({
  name: 'Filecoin.AuthNew',
  perm: 'admin',
  params: [param('permissions', list(permission, { max: 16 }))],
  result: bytesOrEmpty,
  doc: 'A new token with the permissions given.',
  versions: v0v1,
  where: 'main',
})

export const logList = method({
  name: 'Filecoin.LogList',
  perm: 'write',
  params: [],
  result: list(text),
  doc: 'The subsystems that write to the log.',
  versions: v0v1,
  where: 'main',
})

export const logSetLevel = method({
  name: 'Filecoin.LogSetLevel',
  perm: 'write',
  params: [param('subsystem', text), param('level', text)],
  result: nothing,
  doc: "Sets a subsystem's log level; * stands for all.",
  versions: v0v1,
  where: 'main',
})

export const logAlerts = method({
  name: 'Filecoin.LogAlerts',
  perm: 'admin',
  params: [],
  result: alerts,
  doc: 'All alerts that the node keeps, active ones and resolved ones.',
  versions: v0v1,
  where: 'main',
})
