/** `owner/name` of a model as clients write it: the owner may be left out where it is the usual one. */
export function fullName(model: string): string {
  return model.includes('/') ? model : `augur/${model}`
}
