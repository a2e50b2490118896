import { useState } from 'preact/hooks'
import { Tabs } from '../ui/tabs.js'
import { InputField } from './input-field.js'
import {
  arrange,
  exampleOf,
  type Field,
  fieldsOf,
  type Input,
  isInput,
  type Schema,
  withValue,
} from './input-fields.js'
import { JsonField } from './simple-fields.js'

interface InputFormProps {
  schema: Schema
  input: Input
  /** By name of the field, as the server told. */
  errors: Readonly<Record<string, string>>
  isBusy: boolean
  onInput(input: Input): void
  onSubmit(): void
}

const modes = ['Form', 'JSON'] as const

/** Asks for an input as its schema wants it: field by field, or as JSON. */
export function InputForm(props: InputFormProps) {
  const { schema, input, isBusy, onInput, onSubmit } = props
  const [mode, setMode] = useState('Form')
  const [isBroken, setBroken] = useState(false)
  const example = exampleOf(schema)
  const hasFields = fieldsOf(schema).length > 0
  const submit = (event: Event) => {
    event.preventDefault()
    if (!isBusy && !isBroken) onSubmit()
  }
  const editJson = (value: unknown) => {
    setBroken(!isInput(value))
    if (isInput(value)) onInput(value)
  }
  const change = (next: string) => {
    setBroken(false)
    setMode(next)
  }
  return (
    <form
      class="input-form"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) submit(event)
      }}
    >
      {hasFields ? (
        <Tabs label="Input as" names={modes} chosen={mode} onChoose={change}>
          {mode === 'Form' ? <FieldList {...props} /> : <WholeInput input={input} onChange={editJson} />}
        </Tabs>
      ) : (
        <WholeInput input={input} onChange={editJson} />
      )}
      <div class="form-actions">
        <button type="submit" class="primary" disabled={isBusy || isBroken}>
          Run
        </button>
        {example && (
          <button type="button" onClick={() => onInput(example)}>
            Use the example
          </button>
        )}
        <button type="button" onClick={() => onInput({})} disabled={Object.keys(input).length === 0}>
          Clear all
        </button>
        <span class="hint keys" aria-hidden="true">
          Ctrl + Enter runs
        </span>
      </div>
    </form>
  )
}

function FieldList({ schema, input, errors, onInput }: InputFormProps) {
  const { main, more } = arrange(fieldsOf(schema))
  const isUsed = more.some(({ name }) => input[name] !== undefined || errors[name] !== undefined)
  const [isOpen, setOpen] = useState(false)
  const show = (field: Field) => (
    <InputField
      key={field.name}
      field={field}
      value={input[field.name]}
      error={errors[field.name]}
      onChange={(value) => onInput(withValue(input, field.name, value))}
    />
  )
  return (
    <>
      {main.map(show)}
      {more.length > 0 && (
        <details open={isOpen || isUsed} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>
            More fields <span class="hint">{more.map(({ name }) => name).join(', ')}</span>
          </summary>
          {more.map(show)}
        </details>
      )}
    </>
  )
}

function WholeInput({ input, onChange }: { input: Input; onChange(value: unknown): void }) {
  const field = { name: 'input', kind: 'json' as const, isRequired: true, schema: {} }
  return (
    <div class="field">
      <label for="whole-input">Input as JSON</label>
      <JsonField id="whole-input" describedBy="" field={field} value={input} rows={14} onChange={onChange} />
    </div>
  )
}
