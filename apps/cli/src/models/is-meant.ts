/** By model, or by model and label; the owner may be left out. */
export function isMeant({ model, label }: { model: string; label: string }, name: string): boolean {
  const short = model.slice(model.indexOf('/') + 1)
  return [model, short, `${model}:${label}`, `${short}:${label}`].includes(name)
}
