// id_token_hint (OIDC Core 3.1.2.1): the same person passes, another person is refused.
import * as oidc from "openid-client";
import { arrived, configuration, learnt, refusal, request, signIn, visit } from "./party.mjs";

const config = await configuration();
const anna = await signIn(config);
const eero = await signIn(config, {}, { person: "eero" });
const same = await signIn(config, { prompt: "none", id_token_hint: anna.tokens.id_token });
const other = await request({ prompt: "none", id_token_hint: anna.tokens.id_token });
const back = arrived(await visit(oidc.buildAuthorizationUrl(config, other.parameters), "eero"));
const error = await refusal(oidc.authorizationCodeGrant(config, back, other.checks));
learnt({ anna: anna.claims.sub, eero: eero.claims.sub, same: same.claims.sub, error });
