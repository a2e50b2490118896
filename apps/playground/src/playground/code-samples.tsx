import { useState } from 'preact/hooks'
import { CopyButton } from '../ui/copy-button.js'
import { Tabs } from '../ui/tabs.js'
import { type SampleName, sampleNames, sampleOf } from './call-samples.js'
import type { Input } from './input-fields.js'

/** The call that `Run` makes, for programs. */
export function CodeSamples(facts: { version: string; input: Input; hasKey: boolean }) {
  const [name, setName] = useState<SampleName>('curl')
  const { code, shown } = sampleOf(name, { origin: location.origin, ...facts })
  const choose = (wanted: string) => setName(sampleNames.find((each) => each === wanted) ?? name)
  return (
    <section class="samples" aria-label="The same call in code">
      <h2>The same call</h2>
      <CopyButton text={code} label={`Copy the call: ${name}`} />
      <Tabs label="Language" names={sampleNames} chosen={name} onChoose={choose}>
        <pre tabIndex={0}>{shown}</pre>
      </Tabs>
    </section>
  )
}
