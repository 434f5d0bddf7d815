/** @returns `text` without what may not be written down: API keys, tickets, passwords in URLs, authorization headers */
export function scrub(text: string): string {
  return text
    .replace(/\bap_[\w-]{20,}/g, 'ap_***')
    .replace(/([?&]ticket=)[\w-]+/g, '$1***')
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#:@]*:)[^\s/?#]*@/gi, '$1***@')
    .replace(/(authorization["']?\s*[:=]\s*["']?(?:bearer|basic)\s+)[^\s"',}]+/gi, '$1***');
}
