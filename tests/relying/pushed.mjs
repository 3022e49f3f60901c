// Pushed authorization requests (RFC 9126).
import * as oidc from "openid-client";
import { arrived, configuration, learnt, refusal, request, visit } from "./party.mjs";

const config = await configuration();
const { parameters, checks } = await request();
const url = await oidc.buildAuthorizationUrlWithPAR(config, parameters);
const back = await visit(url);
const tokens = await oidc.authorizationCodeGrant(config, arrived(back), checks);
const wrong = await refusal(oidc.buildAuthorizationUrlWithPAR(config, { ...parameters, redirect_uri: "https://elsewhere.example/" }));
learnt({ sent: [...url.searchParams.keys()], claims: tokens.claims(), wrong });
