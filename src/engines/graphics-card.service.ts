import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { GraphicsCard } from './provider.js';

/** PCI vendors of the displays that virtual machines draw: virtio, VMware, Bochs, Cirrus. None computes. */
const VIRTUAL = new Set(['0x1af4', '0x15ad', '0x1234', '0x1013']);

/** @returns what Linux shows of graphics cards; macOS and Windows always have one that WebGPU can use */
export function graphicsCard(): GraphicsCard {
  if (process.platform !== 'linux') return { any: true, nvidia: false };
  const nvidia = existsSync('/dev/nvidiactl');
  return { nvidia, any: nvidia || renderNodes().some((node) => !VIRTUAL.has(vendorOf(node))) };
}

function renderNodes(): string[] {
  try {
    return readdirSync('/dev/dri').filter((name) => name.startsWith('renderD'));
  } catch {
    return [];
  }
}

function vendorOf(node: string): string {
  try {
    return readFileSync(`/sys/class/drm/${node}/device/vendor`, 'utf8').trim();
  } catch {
    return '0x1af4'; // a node without a vendor is no PCI card
  }
}
