/** Somebody with an API key of the rig's server. */
export interface Tenant {
  name: string
  key: string
  webhookSecret: string
  /** In every input of its own, and in nothing else. */
  canary: string
}
