// A signed request object by value (RFC 9101): what stands beside it in the address does not count.
import * as oidc from "openid-client";
import { arrived, configuration, learnt, request, signingKey, visit } from "./party.mjs";

const config = await configuration();
const { parameters, checks } = await request({ max_age: "600" });
const url = await oidc.buildAuthorizationUrlWithJAR(config, parameters, await signingKey());
const sent = [...url.searchParams.keys()];
url.searchParams.set("scope", "openid phone");
const tokens = await oidc.authorizationCodeGrant(config, arrived(await visit(url)), { ...checks, maxAge: 600 });
learnt({ sent, claims: tokens.claims(), scope: tokens.scope });
