import { Bar } from '../ui/bar.js'
import { formatShare } from '../ui/format.js'
import { pathOfUrl } from '../server/server.js'
import { isInput } from './input-fields.js'
import { picturesOf, type Score, scoresOf } from './scores.js'

const mostShown = 10

/** An output as people like to see it: bars, pictures, a text or a number. What it is beyond that, its JSON says. */
export function Answer({ output }: { output: unknown }) {
  const scores = scoresOf(output)
  const pictures = picturesOf(output)
  if (scores) return <Scores scores={scores} />
  if (pictures.length > 0) {
    return (
      <div class="pictures">
        {pictures.map((picture, index) => (
          <img key={index} src={sourceOf(picture)} alt={`Picture ${index + 1} of the output`} />
        ))}
      </div>
    )
  }
  if (typeof output === 'string') return <p class="answer-text">{output}</p>
  if (isInput(output) && typeof output.value === 'number') return <p class="answer-value">{output.value}</p>
  return <p class="hint">The output is shown as JSON.</p>
}

const sourceOf = (picture: string) => (picture.startsWith('data:') ? picture : pathOfUrl(picture))

function Scores({ scores }: { scores: readonly Score[] }) {
  const [best] = scores
  const left = scores.length - mostShown
  return (
    <div class="scores">
      <p class="answer-label" data-answer>
        {best?.label}
      </p>
      <ul aria-label="Probabilities">
        {scores.slice(0, mostShown).map(({ label, share }) => (
          <li key={label}>
            <span class="score-label">{label}</span>
            <Bar share={share} tone={label === best?.label ? 'accent' : 'muted'} />
            <span class="score-share">{formatShare(share)}</span>
          </li>
        ))}
      </ul>
      {left > 0 && <p class="hint">{left} more in the JSON</p>}
    </div>
  )
}
