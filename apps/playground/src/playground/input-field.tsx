import type { JSX } from 'preact'
import type { FieldProps } from './field-props.js'
import { ImageField } from './image-field.js'
import { type FieldKind, squareOf } from './input-fields.js'
import { PixelPreview } from './pixel-preview.js'
import { BooleanField, ChoiceField, JsonField, NumberField, TextField } from './simple-fields.js'

const components: Record<FieldKind, (props: FieldProps) => JSX.Element> = {
  image: ImageField,
  text: TextField,
  number: NumberField,
  choice: ChoiceField,
  boolean: BooleanField,
  json: JsonField,
}

interface InputFieldProps extends Pick<FieldProps, 'field' | 'value' | 'onChange'> {
  /** What the server found wrong with it. */
  error: string | undefined
}

/** One property of an input: its name, what it is for, and a field of its kind. */
export function InputField({ field, value, error, onChange }: InputFieldProps) {
  const { name, kind, isRequired, schema } = field
  const id = `input-${name}`
  const Component = components[kind]
  const side = squareOf(schema)
  const isSquare = side !== null && isNumbers(value) && value.length === side * side
  return (
    <div class={`field field-${kind}`}>
      <label for={id}>
        {name}
        {isRequired && <span class="required"> required</span>}
      </label>
      {schema.description !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {schema.description}
        </p>
      )}
      <Component
        id={id}
        describedBy={`${id}-hint ${id}-error`}
        field={field}
        value={value}
        onChange={onChange}
      />
      {isSquare && <PixelPreview pixels={value} side={side} />}
      <p class="error" id={`${id}-error`}>
        {error}
      </p>
    </div>
  )
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'number')
