const fromRepository =
  'Models come from the model repository of the server: add, change or remove their folders there, or load and unload them by POST /v2/repository/models/{owner}/{name}/load and /unload.'

const reasons = [
  { path: /^\/api\/v1\/models(?:\/[^/]+\/[^/]+(?:\/versions\/[^/]+)?)?$/, reason: fromRepository },
  {
    path: /^\/api\/v1\/deployments(?:\/[^/]+\/[^/]+)?$/,
    reason: 'A deployment is the rollout of a model: change it by PUT /api/v1/models/{owner}/{name}/rollout.',
  },
]

/** Why a path of the contract does not take a method that the contract has there. */
export function whyNoMethod(path: string): string | undefined {
  return reasons.find((each) => each.path.test(path))?.reason
}
