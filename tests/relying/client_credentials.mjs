// A client acting for itself (RFC 6749 4.4), for its own interface and for a resource (RFC 8707).
import * as oidc from "openid-client";
import { configuration, given, learnt, refusal } from "./party.mjs";

const config = await configuration();
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
const own = await oidc.clientCredentialsGrant(config);
const other = await oidc.clientCredentialsGrant(config, { resource: given.resource, scope: "oppi.read" });
learnt({
  own: claimsOf(own.access_token),
  other: claimsOf(other.access_token),
  refresh: own.refresh_token ?? null,
  target: await refusal(oidc.clientCredentialsGrant(config, { resource: "https://elsewhere.example" })),
  scope: await refusal(oidc.clientCredentialsGrant(config, { scope: "openid" })),
});
