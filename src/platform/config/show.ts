import { SECRET_KEYS, SECRET_PATH_KEYS, schema, type Config } from './schema.js';

const SECRET_NAME = /PASSWORD|SECRET|TOKEN|_KEY$/;

/** @returns `value` as it may be printed: a URL without its password, or without its path where that is the secret */
export function redact(key: string, value: string): string {
  if ((SECRET_PATH_KEYS as readonly string[]).includes(key)) return withoutPath(value);
  const withoutPassword = value
    .replace(/(:\/\/[^/?#]*?:)[^/?#]*@/, '$1***@')
    .replace(/([?&](?:password|sslpassword)=)[^&]*/gi, '$1***');
  const isSecret = (SECRET_KEYS as readonly string[]).includes(key) || SECRET_NAME.test(key);
  return isSecret && !value.includes('://') && value !== '' ? '***' : withoutPassword;
}

function withoutPath(value: string): string {
  const [, host] = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]+)/i.exec(value)?.slice(1) ?? [];
  if (value === '') return '';
  return host ? `${value.slice(0, value.indexOf('://'))}://${host}/***` : '***';
}

/** @returns every key as `KEY=value`, in the schema's order, fit to be read by others */
export function show(config: Config): string {
  return Object.keys(schema.shape)
    .map((key) => {
      const value = config[key as keyof Config];
      const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
      return `${key}=${redact(key, text)}`;
    })
    .join('\n');
}
