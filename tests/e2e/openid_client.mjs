// A client that others wrote (openid-client), from discovery to the end of its tokens.
//
// Reads one JSON line with what it is registered as; writes the address to which it sends its user;
// reads the address at which they come back; writes what it got and what became of it.
import { createInterface } from "node:readline";
import * as oidc from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value);
const write = (value) => console.log(JSON.stringify(value));

const { issuer, clientId, secret, redirect, scope } = await read();
const config = await oidc.discovery(new URL(issuer), clientId, undefined,
  secret ? oidc.ClientSecretBasic(secret) : oidc.None(),
  { execute: [oidc.allowInsecureRequests] });  // It is on this machine.

const verifier = oidc.randomPKCECodeVerifier();
const nonce = oidc.randomNonce();
write({
  url: oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirect, scope, nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }).href,
});

const { back } = await read();
const tokens = await oidc.authorizationCodeGrant(config, new URL(back), {
  pkceCodeVerifier: verifier, expectedNonce: nonce, idTokenExpected: true,
});
const { sub } = tokens.claims();
const user = await oidc.fetchUserInfo(config, tokens.access_token, sub);
const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
await oidc.tokenRevocation(config, fresh.refresh_token);
const after = await oidc.refreshTokenGrant(config, fresh.refresh_token)
  .then(() => "refreshed", (error) => error.error);
write({ sub, user, scope: tokens.scope, after });
process.exit(0);
