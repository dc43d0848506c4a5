import { join } from 'node:path'
import type { Api } from '../../api/api.ts'
import type { Clock } from '../../lib/clock.ts'
import { errorMessage, NodeError } from '../../lib/errors.ts'
import { getLogger } from '../../lib/log.ts'
import type { Network } from '../../networks/types.ts'
import type { FullNodeConfig } from '../../store/config/full-node.ts'
import { MetadataStore } from '../../store/metadata.ts'
import { Address } from '../../types/address.ts'
import { FaultReporter } from './reporter.ts'

const log = getLogger('fault-reporter')

/** The folder in the repository where the config names none. */
const FOLDER = 'datastore/fault-reporter'

/**
 * Begins to report consensus faults, where the config says so (Lotus node/modules/faultreport.go).
 * @returns how to end it
 * @throws NodeError NODE_CONFIG without an address to send from; StoreError STORE_OPEN
 */
export async function startFaultReporter(
  components: { readonly api: Api; readonly clock: Clock; readonly repoPath: string },
  config: FullNodeConfig['FaultReporter'],
  network: Pick<Network, 'addressPrefix' | 'blockDelaySecs'>,
): Promise<() => Promise<void>> {
  const { api, clock, repoPath } = components
  const from = await sender(api, config.ConsensusFaultReporterAddress)
  const folder = config.ConsensusFaultReporterDataDir
  const records = await MetadataStore.open(folder === '' ? join(repoPath, FOLDER) : folder)
  const reporter = new FaultReporter({ api, clock, records }, { from, blockDelaySecs: network.blockDelaySecs })
  log.info('consensus faults are reported', { from: from.toString(network.addressPrefix) })
  return async () => {
    await reporter.close()
    await records.close()
  }
}

async function sender(api: Pick<Api, 'walletDefaultAddress'>, configured: string): Promise<Address> {
  const hint = 'Set FaultReporter.ConsensusFaultReporterAddress to an address of this wallet, or set a default address.'
  try {
    return configured === '' ? await api.walletDefaultAddress([]) : Address.parse(configured)
  } catch (cause) {
    const why = configured === '' ? 'the wallet has no default address' : errorMessage(cause)
    throw new NodeError('NODE_CONFIG', `FaultReporter has no address to send from: ${why}`, { cause, hint })
  }
}
