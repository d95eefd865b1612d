/** Methods of oidc-provider's RefreshToken that are replaced. */
import type { Provider } from 'oidc-provider';
import { currentRotation } from '../adapter/refresh-rotation.ts';

interface RefreshTokenModel {
  generateTokenId: (this: RefreshTokenModel) => string;
}

/** Derives the value of a refresh token from its predecessor at a rotation (tokens/rotate-refresh-token.ts). */
export function replaceRefreshTokenMethods(provider: Provider): void {
  const { prototype } = provider.RefreshToken as unknown as { prototype: RefreshTokenModel };
  const { generateTokenId } = prototype;
  prototype.generateTokenId = function derive() {
    return currentRotation()?.successor ?? generateTokenId.call(this);
  };
}
