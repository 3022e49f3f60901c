// Dynamic registration (RFC 7591) with an initial access token; the new client signs a person in and manages itself (RFC 7592).
import * as oidc from "openid-client";
import { given, learnt, signIn } from "./party.mjs";

const metadata = {
  client_name: "Itse rekisteröity",
  redirect_uris: [given.redirect_uri],
  grant_types: ["authorization_code"],
  id_token_signed_response_alg: "ES256",
  token_endpoint_auth_method: "client_secret_basic",
};
const options = { initialAccessToken: given.initial, execute: [oidc.enableNonRepudiationChecks] };
const method = oidc.ClientSecretBasic();
const config = await oidc.dynamicClientRegistration(new URL(given.issuer), metadata, method, options);
const client = config.clientMetadata();
const { claims } = await signIn(config, { scope: "openid" });
const headers = { authorization: `Bearer ${client.registration_access_token}` };
const seen = await (await fetch(client.registration_client_uri, { headers })).json();
const removed = await fetch(client.registration_client_uri, { method: "DELETE", headers });
const again = oidc.dynamicClientRegistration(new URL(given.issuer), metadata, method, options);
const used = await again.then(() => null, (error) => ({ status: error.status, error: error.cause[0].parameters.error }));
learnt({ client_id: client.client_id, claims, seen: seen.client_name, removed: removed.status, used });
