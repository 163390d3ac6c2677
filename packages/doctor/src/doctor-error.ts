/** The command was used in a wrong way, or something it needs is missing. Only the message is shown to the user. */
export class DoctorError extends Error {}
