import type { CommandSpec, GroupSpec } from '../spec.ts'
import { auth } from './auth.ts'
import { chain } from './chain.ts'
import { config } from './config.ts'
import { daemon } from './daemon.ts'
import { devnet } from './devnet.ts'
import { log } from './log.ts'
import { miner, minerGroups } from './miner/index.ts'
import { mpool } from './mpool.ts'
import { net } from './net.ts'
import { info, status, version, waitApi } from './node.ts'
import { fetchParams } from './parameters.ts'
import { send } from './send.ts'
import { state } from './state.ts'
import { sync } from './sync.ts'
import { wallet } from './wallet.ts'

/** All commands in the order in which the help shows them. */
export const commands: readonly (CommandSpec | GroupSpec)[] = [
  daemon,
  devnet,
  miner,
  ...minerGroups,
  config,
  version,
  info,
  auth,
  wallet,
  send,
  mpool,
  state,
  chain,
  net,
  sync,
  log,
  fetchParams,
  waitApi,
  status,
]
