export { prepare } from './prepare.ts'
export { type Servers, startServers } from './servers.ts'
