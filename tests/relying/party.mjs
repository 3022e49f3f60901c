// What every script stands on: the client's configuration by discovery, the person's visits at the provider, and the last word.
import "./web_crypto.mjs";
import { createInterface } from "node:readline";
import * as oidc from "openid-client";

// What the test tells: issuer, client_id, redirect_uri, and how the client authenticates (auth, secret or key with alg).
export const given = JSON.parse(process.argv[2]);

const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();

// Sends a person's browser to the provider. Returns {url, form, pages}: where it came back, what it posted, what it was shown.
export async function visit(url, person = "anna") {
  process.stdout.write(JSON.stringify({ visit: String(url), person }) + "\n");
  const { value } = await lines.next();
  if (value === undefined) throw new Error("the browser never came back");
  return JSON.parse(value);
}

export function learnt(what) {
  process.stdout.write(JSON.stringify({ learnt: what }) + "\n");
  input.close();
}

const ALGORITHMS = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
};

// The client's signing key, with its id.
export async function signingKey({ key, alg } = given) {
  return { key: await crypto.subtle.importKey("jwk", key, ALGORITHMS[alg], false, ["sign"]), kid: key.kid };
}

async function authentication({ auth, secret }) {
  if (auth === "client_secret_basic") return oidc.ClientSecretBasic(secret);
  if (auth === "client_secret_post") return oidc.ClientSecretPost(secret);
  return auth === "private_key_jwt" ? oidc.PrivateKeyJwt(await signingKey()) : oidc.None();
}

// Reads the provider's metadata; from then on the signature of every token is checked with the published keys.
export async function configuration(metadata = {}, client = given) {
  const expected = { id_token_signed_response_alg: client.id_token_alg ?? "RS256", ...metadata };
  const options = { execute: [oidc.enableNonRepudiationChecks] };
  return oidc.discovery(new URL(client.issuer), client.client_id, expected, await authentication(client), options);
}

// A fresh authorization request: its parameters, and what to check of the answer.
export async function request(more = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const parameters = {
    redirect_uri: given.redirect_uri,
    scope: "openid profile email roles",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...more,
  };
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  return { parameters, checks };
}

// The browser's return as openid-client reads it: an address, or a post to it.
export function arrived({ url, form }) {
  if (form === null) return new URL(url);
  return new Request(url, { method: "POST", body: new URLSearchParams(form) });
}

// Signs a person in by the code flow; `more` are further parameters. Returns tokens, claims and the way back.
export async function signIn(config, more = {}, { person = "anna", checks: further = {} } = {}) {
  const { parameters, checks } = await request(more);
  const back = await visit(oidc.buildAuthorizationUrl(config, parameters), person);
  const tokens = await oidc.authorizationCodeGrant(config, arrived(back), { ...checks, ...further });
  return { tokens, claims: tokens.claims(), back };
}

// The OAuth error that a promise ends with; fails when it does not.
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    if (typeof error.error === "string") return error.error;
    throw error;
  }
  throw new Error("it was not refused");
}
