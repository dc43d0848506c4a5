// @ts-check
/** Something that the user can mend: the message is one sentence that names it and the command to type. */
export class SetupError extends Error {}
