import { certify } from '../certification/certify.service.js';
import type { AdmissionReply, AdmissionRequest } from './admission.js';
import { judge } from './judge.service.js';
import { Refused } from './refused.js';

// The admission process: judges one candidate after another and says so after each, or certifies one. A file that takes
// this process down takes nothing else with it; whoever forked it goes on with the rest in a new one.

async function say(reply: AdmissionReply): Promise<void> {
  await new Promise<void>((resolve) => process.send!(reply, () => resolve()));
}

async function answer(request: AdmissionRequest): Promise<void> {
  if ('certify' in request) {
    await say({ began: request.certify.ref });
    return say(await certify(request.certify, request.terms).then((certificate) => ({ certificate }), refusal));
  }
  for (const judged of request.judge) {
    await say({ began: judged.candidate.ref });
    await say({ verdict: await judge(judged, request.wishes) });
  }
}

function refusal(error: unknown): AdmissionReply {
  if (!(error instanceof Refused)) throw error;
  return { refused: { code: error.code, message: error.message } };
}

process.once('message', async (request: AdmissionRequest) => {
  await answer(request);
  process.disconnect();
});
// Whoever forked it is gone: nobody waits for a verdict.
process.once('disconnect', () => process.exit(0));
