import { useEffect, useRef, useState } from 'preact/hooks'
import { explain, Refusal, Server } from './server/server.js'

interface KeyDialogProps {
  isOpen: boolean
  /** Whether a key is in use, which the server may just have refused. */
  hasKey: boolean
  onKey(key: string | null): void
  onClose(): void
}

/** Asks for an API key, which stays in this tab. */
export function KeyDialog({ isOpen, hasKey, onKey, onClose }: KeyDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState('')
  const [error, setError] = useState('')
  useEffect(() => {
    if (isOpen && !dialog.current?.open) dialog.current?.showModal()
    if (!isOpen) dialog.current?.close()
  }, [isOpen])
  const submit = async () => {
    const key = text.trim()
    if (key === '') return
    const problem = await findProblem(key)
    setError(problem ?? '')
    if (problem !== null) return
    onKey(key)
    setText('')
  }
  return (
    <dialog ref={dialog} aria-labelledby="key-title" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <h2 id="key-title">API key</h2>
        <p class="hint">
          {hasKey
            ? 'The server knows the key of this tab, or has just refused it.'
            : 'This server asks for a key.'}{' '}
          It is kept until this tab is closed. The playground needs the scopes read and predict, the
          operations page admin.
        </p>
        <label for="key">Key</label>
        <input
          id="key"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <p class="error" role="alert">
          {error}
        </p>
        <div class="form-actions">
          <button type="submit" class="primary">
            Use this key
          </button>
          {hasKey && (
            <button type="button" onClick={() => onKey(null)}>
              Forget the key
            </button>
          )}
          <button type="button" onClick={onClose}>
            Close
          </button>
        </div>
      </form>
    </dialog>
  )
}

/** Why the server does not take this key. One that may do little is taken: pages say what they miss. */
async function findProblem(key: string): Promise<string | null> {
  const server = new Server({ readKey: () => key, onKeyWanted: () => {} })
  try {
    await server.request('/api/v1/account')
    return null
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) return null
    if (error instanceof Refusal && error.status === 401) return 'The server does not know this key.'
    return explain(error)
  }
}
