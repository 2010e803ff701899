/** Passkeys: what the browser and role web say to each other (src/role/web/web_auth.c), with octets as base64url. */
type Told = Record<string, any>;

export function hasPasskeys(): boolean {
  return 'PublicKeyCredential' in window;
}

function toOctets(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
}

function toText(octets: ArrayBuffer | null): string {
  if (!octets) return '';
  return btoa(String.fromCharCode(...new Uint8Array(octets))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function octetsIn(options: Told): Told {
  const ids = (list: Told[] | undefined) => list?.map((one) => ({ ...one, id: toOctets(one['id']) }));
  return {
    ...options,
    challenge: toOctets(options['challenge']),
    ...(options['user'] && { user: { ...options['user'], id: toOctets(options['user'].id) } }),
    ...(options['allowCredentials'] && { allowCredentials: ids(options['allowCredentials']) }),
    ...(options['excludeCredentials'] && { excludeCredentials: ids(options['excludeCredentials']) }),
  };
}

/** Asks the person for a passkey that is there; what role web wants of it. Rejects with a DOMException when none was used. */
export async function usePasskey(options: Told): Promise<Record<string, string>> {
  const key = (await navigator.credentials.get({ publicKey: octetsIn(options) as PublicKeyCredentialRequestOptions })) as PublicKeyCredential;
  const response = key.response as AuthenticatorAssertionResponse;
  return {
    id: key.id,
    clientDataJSON: toText(response.clientDataJSON),
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    userHandle: toText(response.userHandle),
  };
}

/** A new one; rejects likewise. */
export async function makePasskey(options: Told): Promise<Record<string, string>> {
  const key = (await navigator.credentials.create({ publicKey: octetsIn(options) as unknown as PublicKeyCredentialCreationOptions })) as PublicKeyCredential;
  const response = key.response as AuthenticatorAttestationResponse;
  return { clientDataJSON: toText(response.clientDataJSON), attestationObject: toText(response.attestationObject) };
}
