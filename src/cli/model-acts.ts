import type { Command } from 'commander';
import { refOf } from '../domain/model.js';
import type { Done, Said } from '../model-registry/lifecycle/registrar.service.js';
import { print, Refusal, registrar, told, type Json } from './model-command.js';

type Options = Json & Said;

/** What can be done to a version that is there; each act is a line of the log. A running service follows within a second. */
export function registerActs(command: (usage: string, description: string) => Command): void {
  const act = (usage: string, description: string) =>
    command(usage, description)
      .option('--reason <text>', 'why, for the log')
      .option('--from <version>', 'refuse where another version serves than this one');

  act('activate <model>', 'serve this version: name@version').action(
    told(async (ref: string, options: Options) => {
      const done = await registrar().activate(ref, options);
      print(options, changed(done), () => `${refOf(done.model)} serves; before it ${done.before ?? 'none'} did`);
    }),
  );

  act('rollback <name>', 'serve the version that served before').action(
    told(async (name: string, options: Options) => {
      const done = await registrar().onName(name, 'rollback', options);
      print(options, changed(done), () => `${refOf(done.model)} serves again; ${done.before ?? 'none'} does not`);
    }),
  );

  act('shadow <model>', 'run this version beside the one that serves: recorded, never traded')
    .option('--off', 'stop that')
    .action(
      told(async (ref: string, options: Options & { off?: boolean }) => {
        const model = refOf((await registrar().shadow(ref, !options.off, options)).model);
        const said = `${model} ${options.off ? 'no longer runs' : 'runs'} in shadow`;
        print(options, { model, shadow: !options.off }, () => said);
      }),
    );

  act('canary <model> <share>', 'let this version decide a share of the symbols, 0..1; 0 withdraws it').action(
    told(async (ref: string, text: string, options: Options) => {
      const share = shareOf(text);
      const model = refOf((await registrar().canary(ref, share, options)).model);
      print(options, { model, canary: share }, () => `${model} decides ${share * 100} % of the symbols`);
    }),
  );

  act('uncanary <name>', 'withdraw its canary').action(
    told(async (name: string, options: Options) => {
      const model = refOf((await registrar().uncanary(name, options)).model);
      print(options, { model, canary: 0 }, () => `${model} is no canary any more`);
    }),
  );

  for (const [action, description, outcome] of [
    ['pin', 'keep what serves: nothing but an unpin changes it', 'is pinned'],
    ['unpin', 'let what serves be changed again', 'is pinned no more'],
  ] as const) {
    act(`${action} <name>`, description).action(
      told(async (name: string, options: Options) => {
        const model = refOf((await registrar().onName(name, action, options)).model);
        print(options, { model, pinned: action === 'pin' }, () => `${model} ${outcome}`);
      }),
    );
  }

  act('remove <model>', 'delete a version that is not in use: name@version').action(
    told(async (ref: string, options: Options) => {
      const removed = refOf((await registrar().remove(ref, options)).model);
      print(options, { removed }, () => `${removed} is removed`);
    }),
  );
}

function changed({ model, before }: Done) {
  return { active: refOf(model), before };
}

function shareOf(text: string): number {
  const share = text.trim() === '' ? NaN : Number(text);
  if (share >= 0 && share <= 1) return share;
  throw new Refusal('SHARE_INVALID', `"${text}" is no share of the symbols: a number from 0 to 1`);
}
