import { EmptyStateView } from '../placeholder/view.ts'

/** The Ethereum address manager (f010): it keeps nothing. */
export class EamView extends EmptyStateView {}
