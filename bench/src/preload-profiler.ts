// Imported into a process before its own program, because NODE_OPTIONS takes no --cpu-prof: writes a CPU profile to
// the folder CPU_PROFILE_DIR when the process exits.
import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { basename, dirname, join } from 'node:path'

const folder = process.env.CPU_PROFILE_DIR
const script = process.argv[1] ?? ''

if (folder) {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.setSamplingInterval', { interval: 500 })
  session.post('Profiler.start')
  process.on('exit', () => {
    session.post('Profiler.stop', (error, stopped) => {
      if (error) return
      // The folders tell which program it was: api/dist/main.js, worker/dist/main.js, yardstick/api.js.
      const name = [basename(dirname(dirname(script))), basename(script, '.js'), process.pid].join('-')
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, `${name}.cpuprofile`), JSON.stringify(stopped.profile))
    })
  })
}
