import { InferenceSession, Tensor } from 'onnxruntime-node';
import { parentPort, workerData } from 'node:worker_threads';

/** What `adhoc` is held against: a worker that runs the session on each message's one row, and nothing else. */
export interface BareModel {
  readonly file: string;
  readonly input: string;
  readonly output: string;
  /** Of one row. */
  readonly dims: readonly number[];
}

const { file, input, output, dims } = workerData as BareModel;
const port = parentPort!;
const session = await InferenceSession.create(file, {
  ...{ intraOpNumThreads: 1, interOpNumThreads: 1, enableCpuMemArena: false, enableMemPattern: false },
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});

port.on('message', async (row: ArrayBuffer | null) => {
  if (row === null) {
    await session.release();
    return port.close();
  }
  const answers = await session.run({ [input]: new Tensor('float32', new Float32Array(row), dims) }, [output]);
  const { buffer } = (answers[output]!.data as Float32Array).slice();
  port.postMessage(buffer, [buffer as ArrayBuffer]);
});
port.postMessage(null);
