import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Settings } from '../config/settings.js';
import { ApiKeyRepository } from './api-key.repository.js';

/** The administrator's key lies in `<home>/admin.key`, readable by its owner; the database knows only its hash. */
@Injectable()
export class ApiKeys implements OnModuleInit {
  readonly #logger = new Logger('ApiKeys');
  #inForce: readonly { readonly name: string; readonly hash: Buffer }[] = [];

  constructor(
    private readonly keys: ApiKeyRepository,
    private readonly settings: Settings,
  ) {}

  async onModuleInit(): Promise<void> {
    const file = join(this.settings.resolved.home, 'admin.key');
    const name = `admin of ${this.settings.resolved.home}`;
    const known = await readFile(file, 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
    const isOurs = known.startsWith('ap_') && known.length >= 35 && (await this.keys.replace(name, sha256(known)));
    if (isOurs) await chmod(file, 0o600);
    else await this.#renew(file, name);
    this.#inForce = await this.keys.inForce();
  }

  async #renew(file: string, name: string): Promise<void> {
    const isFirst = (await this.keys.inForce()).length === 0;
    const key = `ap_${randomBytes(32).toString('base64url')}`;
    await this.keys.replace(name, sha256(key));
    await writeFile(`${file}.new`, `${key}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
    if (!isFirst) this.#logger.warn(`${file} held no key in force: a new one was made, the one before is revoked`);
  }

  /** @param authorization the header as it came @returns whether it carries a key in force */
  accepts(authorization: string | undefined): boolean {
    return this.nameOf(authorization) !== undefined;
  }

  /** @returns the name of the key in force that the header carries, in constant time; undefined where it carries none */
  nameOf(authorization: string | undefined): string | undefined {
    const presented = /^Bearer +(ap_[\w-]{20,100})$/i.exec(authorization ?? '')?.[1];
    if (presented === undefined) return undefined;
    const hash = sha256(presented);
    return this.#inForce.filter((key) => timingSafeEqual(key.hash, hash))[0]?.name;
  }
}

/** 32 random bytes need no slow hash: there is nothing to guess. */
function sha256(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
