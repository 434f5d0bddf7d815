/**
 * One job after another on WebGPU, in a process of its own: two sessions at once end the process they are in. Reads
 * `{ jobs: [{ model, input, dims }] }` from standard input, files of ONNX and of float32; writes one line of JSON,
 * `{ answers: number[][] }` or `{ absent: reason }`. Where each node is placed goes to standard error.
 */
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const OPTIONS = { executionProviders: ['webgpu'], logSeverityLevel: 0 };
const { jobs } = JSON.parse(readFileSync(0, 'utf8'));

const answers = [];
try {
  for (const { model, input, dims } of jobs) {
    const session = await InferenceSession.create(model, OPTIONS);
    const bytes = readFileSync(input);
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const found = await session.run({ [session.inputNames[0]]: new Tensor('float32', values, dims) });
    answers.push([...found[session.outputNames[0]].data].map(String));
    await session.release();
  }
  console.log(JSON.stringify({ answers }));
} catch (error) {
  if (!/Failed to get a WebGPU adapter/.test(String(error))) throw error;
  console.log(JSON.stringify({ absent: String(error) }));
}
