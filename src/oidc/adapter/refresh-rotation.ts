/** The rotation of a refresh token in the current request: the adapter sets it; the adapter and the model read it. */
import type { Rotation } from '../../tokens/rotate-refresh-token.ts';
import { protocolContext } from '../protocol-context.ts';

const rotations = new WeakMap<object, Rotation>();

export function setRotation(rotation: Rotation): void {
  const ctx = protocolContext();
  if (ctx) rotations.set(ctx, rotation);
}

/** @returns undefined when the current request has rotated no refresh token */
export const currentRotation = (): Rotation | undefined => rotations.get(protocolContext() ?? {});
