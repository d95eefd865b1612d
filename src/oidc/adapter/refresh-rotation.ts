/** The rotation of a refresh token in the current request: the adapter makes it, the model and the adapter use it. */
import type { Rotation } from '../../tokens/rotate-refresh-token.ts';
import { protocolContext } from '../protocol-context.ts';

const rotations = new WeakMap<object, Rotation>();

export function setRotation(rotation: Rotation): void {
  const ctx = protocolContext();
  if (ctx) rotations.set(ctx, rotation);
}

export const currentRotation = (): Rotation | undefined => rotations.get(protocolContext() ?? {});
