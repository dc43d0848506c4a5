/** The flag that all commands below `state` take. */
export type TipsetFlag = { readonly tipset: { readonly kind: 'text' } }
