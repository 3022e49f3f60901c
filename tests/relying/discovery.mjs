// OpenID Connect Discovery 1.0, RFC 8414: the metadata that openid-client accepts for this issuer, by both addresses.
import * as oidc from "openid-client";
import { configuration, given, learnt } from "./party.mjs";

const config = await configuration();
const options = { algorithm: "oauth2" };
const oauth = await oidc.discovery(new URL(given.issuer), given.client_id, {}, oidc.None(), options);
const keys = await (await fetch(config.serverMetadata().jwks_uri)).json();
learnt({ openid: config.serverMetadata(), oauth: oauth.serverMetadata(), keys: keys.keys });
