import { useEffect, useRef, useState } from 'preact/hooks'
import { DrawingPad } from './drawing-pad.js'
import type { FieldProps } from './field-props.js'
import { pictureIn, readFile } from './read-file.js'

/** A picture: drawn, dropped, pasted or chosen. */
export function ImageField({ id, describedBy, value, onChange }: FieldProps) {
  const [origin, setOrigin] = useState<'drawing' | 'file'>('drawing')
  const [isOver, setOver] = useState(false)
  const chooser = useRef<HTMLInputElement>(null)
  const picture = typeof value === 'string' ? value : undefined
  const isFile = picture !== undefined && origin === 'file'

  const take = async (file: File | undefined) => {
    if (!file) return
    const read = await readFile(file)
    setOrigin('file')
    onChange(read)
  }
  const draw = (drawn: string | undefined) => {
    setOrigin('drawing')
    onChange(drawn)
  }
  const clear = () => {
    draw(undefined)
    if (chooser.current) chooser.current.value = ''
  }

  useEffect(() => {
    const paste = (event: ClipboardEvent) => void take(pictureIn(event.clipboardData))
    addEventListener('paste', paste)
    return () => removeEventListener('paste', paste)
  })

  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    void take(pictureIn(event.dataTransfer))
  }
  const over = (event: DragEvent) => {
    event.preventDefault()
    setOver(true)
  }

  return (
    <div
      class={`image-field ${isOver ? 'is-over' : ''}`}
      data-drop
      onDrop={drop}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
    >
      <div class="paper">
        {isFile && <img src={picture} alt="What will be sent" />}
        <div hidden={isFile}>
          <DrawingPad picture={isFile ? undefined : picture} onDraw={draw} />
        </div>
        {picture === undefined && (
          <p class="paper-hint" aria-hidden="true">
            Draw here
          </p>
        )}
      </div>
      <div class="image-tools">
        <p class="hint">Draw, or drop, paste or choose a PNG, JPEG or WebP.</p>
        <input
          ref={chooser}
          id={id}
          type="file"
          accept="image/png,image/jpeg,image/webp"
          aria-describedby={describedBy}
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
        <button type="button" class="small" onClick={clear} disabled={picture === undefined}>
          Clear
        </button>
        <div class="sent-as">
          {picture !== undefined && !isFile && <img src={picture} alt="The drawing as it is sent" />}
        </div>
      </div>
    </div>
  )
}
