// What a run of http-cache-tests gave, beside the results that the suite's authors publish for other caches.
//   node summary.mjs SUITE RESULTS.json EXCEPTIONS
import fs from 'node:fs'
import path from 'node:path'

const [suite, resultsFile, exceptionsFile] = process.argv.slice(2)
const groups = (await import(path.join(suite, 'tests/index.mjs'))).default
groups.push((await import(path.join(suite, 'tests/surrogate-control.mjs'))).default)
const tests = groups.flatMap(group => group.tests).filter(test => !test.browser_only)
const kindOf = test => test.kind ?? 'required'

// Of each kind: how many passed, of how many.
function count (results) {
  const counts = { required: [0, 0], optimal: [0, 0], check: [0, 0] }
  for (const test of tests) {
    counts[kindOf(test)][1]++
    if (results[test.id] === true) counts[kindOf(test)][0]++
  }
  return counts
}

function row (name, counts) {
  return `| ${name} | ${['required', 'optimal', 'check'].map(kind => counts[kind].join(' of ')).join(' | ')} |`
}

const read = file => JSON.parse(fs.readFileSync(file, 'utf8'))
const results = read(resultsFile)
console.log('| cache | required | optimal | questions answered yes |\n|---|---|---|---|')
console.log(row('Skerry', count(results)))
for (const file of fs.readdirSync(path.join(suite, 'results')).filter(name => name.endsWith('.json')).sort()) {
  console.log(row(file.replace('.json', ''), count(read(path.join(suite, 'results', file)))))
}

const excepted = new Map()
for (const line of fs.readFileSync(exceptionsFile, 'utf8').split('\n')) {
  const [, id, reason] = line.match(/^([^#\s]\S*)\s+(\S.*)$/) ?? []
  if (id) excepted.set(id, reason)
}
let wrong = 0
for (const test of tests) {
  const passed = results[test.id] === true
  if (kindOf(test) === 'check') continue
  if (!passed && !excepted.has(test.id)) {
    console.log(`FAILED ${kindOf(test)} ${test.id}: ${JSON.stringify(results[test.id])}`)
    wrong++
  }
  if (passed && excepted.has(test.id)) {
    console.log(`PASSED, yet exceptions.txt lists it: ${test.id}`)
    wrong++
  }
}
for (const id of excepted.keys()) {
  if (!tests.some(test => test.id === id)) {
    console.log(`exceptions.txt lists a test that does not exist: ${id}`)
    wrong++
  }
}
process.exit(wrong ? 1 : 0)
