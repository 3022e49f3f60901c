// An authorization request that the provider must refuse: the error openid-client reads from the answer, after checking state and iss.
import * as oidc from "openid-client";
import { arrived, configuration, given, learnt, refusal, request, signIn, visit } from "./party.mjs";

const config = await configuration();
if (given.after) await signIn(config);
const { parameters, checks } = await request(given.parameters);
const back = await visit(oidc.buildAuthorizationUrl(config, parameters));
learnt({ error: await refusal(oidc.authorizationCodeGrant(config, arrived(back), checks)), back });
