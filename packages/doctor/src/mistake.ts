/** The command was used wrongly, or something it needs is not there: its message is all there is to say. */
export class Mistake extends Error {}
