import { useEffect, useState } from 'preact/hooks'
import { prettyJson } from '../ui/json.js'
import type { FieldProps } from './field-props.js'

const longestLine = 100

export function TextField({ id, describedBy, field, value, onChange }: FieldProps) {
  const { maxLength } = field.schema
  const shared = {
    id,
    'aria-describedby': describedBy,
    'aria-required': field.isRequired,
    value: typeof value === 'string' ? value : '',
    ...(maxLength !== undefined && { maxLength }),
  }
  const change = (text: string) => onChange(text === '' ? undefined : text)
  if (maxLength !== undefined && maxLength <= longestLine)
    return <input type="text" {...shared} onInput={(event) => change(event.currentTarget.value)} />
  return <textarea rows={4} {...shared} onInput={(event) => change(event.currentTarget.value)} />
}

export function NumberField({ id, describedBy, field, value, onChange }: FieldProps) {
  const { type, minimum, maximum, default: preset } = field.schema
  return (
    <input
      type="number"
      id={id}
      aria-describedby={describedBy}
      aria-required={field.isRequired}
      step={type === 'integer' ? 1 : 'any'}
      {...(minimum !== undefined && { min: minimum })}
      {...(maximum !== undefined && { max: maximum })}
      placeholder={typeof preset === 'number' ? String(preset) : ''}
      value={typeof value === 'number' ? value : ''}
      onInput={({ currentTarget }) =>
        onChange(Number.isNaN(currentTarget.valueAsNumber) ? undefined : currentTarget.valueAsNumber)
      }
    />
  )
}

export function ChoiceField({ id, describedBy, field, value, onChange }: FieldProps) {
  const choices = field.schema.enum ?? []
  return (
    <select
      id={id}
      aria-describedby={describedBy}
      value={choices.indexOf(value)}
      onChange={({ currentTarget }) => onChange(choices[Number(currentTarget.value)])}
    >
      <option value={-1}>{field.isRequired ? 'Choose …' : 'None'}</option>
      {choices.map((choice, index) => (
        <option key={index} value={index}>
          {String(choice)}
        </option>
      ))}
    </select>
  )
}

export function BooleanField({ id, describedBy, value, onChange }: FieldProps) {
  return (
    <input
      type="checkbox"
      id={id}
      aria-describedby={describedBy}
      checked={value === true}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  )
}

/** JSON that is checked while it is typed; what is no JSON is passed on as nothing. */
export function JsonField({ id, describedBy, value, onChange, rows = 4 }: FieldProps & { rows?: number }) {
  const [draft, setDraft] = useState<{ text: string; value: unknown } | null>(null)
  const text = draft?.text ?? prettyJson(value)
  const error = text.trim() === '' ? null : findError(text)

  // What was typed stays as it was typed, until a value comes from elsewhere.
  const written = prettyJson(value)
  useEffect(() => {
    setDraft((typed) => (typed && prettyJson(typed.value) === written ? typed : null))
  }, [written])

  const change = (typed: string) => {
    const parsed = typed.trim() === '' ? undefined : parse(typed)
    setDraft({ text: typed, value: parsed })
    onChange(parsed)
  }
  return (
    <>
      <textarea
        id={id}
        class="code"
        rows={rows}
        spellcheck={false}
        aria-describedby={`${describedBy} ${id}-json`}
        aria-invalid={error !== null}
        value={text}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <p id={`${id}-json`} class="error" aria-live="polite">
        {error}
      </p>
    </>
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function findError(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return `This is no JSON yet: ${error instanceof Error ? error.message : 'it cannot be read'}`
  }
}
