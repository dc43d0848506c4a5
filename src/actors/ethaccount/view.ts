import { EmptyStateView } from '../placeholder/view.ts'

/** An account under an Ethereum key: it keeps nothing but what the state tree holds (its f4 address, nonce and balance). */
export class EthAccountView extends EmptyStateView {}
