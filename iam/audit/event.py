"""The event types, ``source:subject:action``, each with what it means. Writing any other type is an error."""

from __future__ import annotations

TYPES: dict[str, str] = {
    "person:guardian:confirmed": (
        "It was confirmed that a guardian may know where a protected child is; the child's id is in the event."
    ),
    "person:guardian:unconfirmed": (
        "It was taken back that a guardian may know where a protected child is; the child's id is in the event."
    ),
    "person:hand:added": "A person was added by hand, with a first position; its kind and who answers for it.",
    "person:position:added": "A position was added by hand; its kind and who answers for it.",
    "person:position:ended": "The end of a position by hand was changed; to when is in the event.",
    "bulk:act:done": (
        "An act was done for many people at once; which, for how many, how many were left out and how many gained or "
        "lost a right by it."
    ),
    "bulk:act:proposed": "An act for many people at once waits for a second person; which, with the digest.",
    "bulk:act:accepted": "A second person accepted an act for many people at once.",
    "bulk:act:refused": "An act for many people at once was refused or taken back, with a reason.",
    "rule:owner:changed": "A rule was given to another owner; from whom is in the event.",
    "group:members:stated": (
        "A local group was made or changed on a page; which, and whether it waits for a second person, is in the event."
    ),
    "person:list:seen": (
        "Somebody read names of people in a list, a search, a trial or a preview; whose, by id, and on which "
        "page is in the event."
    ),
    "person:rights:explained": "Somebody read on the command line why a person holds rights.",
    "signin:password:accepted": "A person signed in with a password.",
    "signin:password:refused": "A password did not match, or the login is unknown; the login itself is not kept.",
    "signin:password:throttled": (
        "A sign-in was slowed because of too many failures of the account, or (`by`: `network`) of many "
        "accounts in its network or everywhere."
    ),
    "signin:ldap:accepted": "A person signed in by a directory bind.",
    "signin:ldap:refused": "A directory refused a bind.",
    "signin:code:issued": "An administrator issued a one-time sign-in code.",
    "signin:code:used": "A one-time sign-in code was used to set a password.",
    "signin:code:refused": "A one-time sign-in code was wrong, used or expired.",
    "signin:password:set": "A password was set.",
    "signin:passkey:accepted": "A person signed in with a passkey alone.",
    "signin:passkey:refused": "A passkey was refused at sign-in.",
    "signin:factor:accepted": (
        "A further factor was proved; the login session has a new secret and the level in the event."
    ),
    "signin:factor:refused": "A time code, a recovery code or a passkey was refused as a further factor.",
    "signin:factor:enrolled": "A person set up a time code or a passkey, or got new recovery codes.",
    "signin:factor:removed": "A person removed a time code or a passkey of theirs.",
    "signin:factor:replacing": (
        "A person replaces a lost factor with a recovery code; which kind, and when it comes into force, is "
        "in the event."
    ),
    "signin:factor:kept": "What was to replace a lost factor was stopped: the old one was still there.",
    "signin:factor:replaced": "A factor came into force in place of a lost one of its kind.",
    "signin:factor:reset": "An administrator removed all further factors of a person; their sessions ended.",
    "signin:upstream:accepted": "A person signed in by an upstream provider.",
    "signin:upstream:refused": "An upstream provider's answer was refused; which check failed is in the event.",
    "signin:upstream:groups": (
        "What an upstream provider told at sign-in changed or renewed a person's groups; their rights followed."
    ),
    "signin:upstream:linked": (
        "A person's account at an upstream provider was connected, by themselves or by an identifier."
    ),
    "signin:upstream:unlinked": "A person removed the connection with an account at an upstream provider.",
    "signin:session:started": "A login session began.",
    "signin:session:proved": (
        "A person proved themselves once more in a login session, by what the event names; it opens more than before."
    ),
    "signin:proof:refused": (
        "A connection or a directory proved somebody who has no position in its owner's organisations, or in "
        "those opened to it."
    ),
    "signin:proof:ended": (
        "A connection was retired, or a source disabled: the login sessions that rested on it ended; how many "
        "is in the event."
    ),
    "signin:connection:opened": "An organisation let a connection of another owner sign its people in, for a time.",
    "signin:connection:closed": "An organisation lets a connection of another owner sign its people in no more.",
    "signin:session:refused": "Somebody proved who they are, but their access has ended or is held.",
    "signin:session:ended": "A login session ended, by sign-out, by an administrator or with the person's access.",
    "oidc:authorization:granted": "An authorization code was issued.",
    "signin:organisation:ended": (
        "An administrator ended every sign-in of an organisation's people, and what it had given; how many is "
        "in the event."
    ),
    "oidc:authorization:refused": "An authorization request was refused after the person was known.",
    "oidc:notice:agreed": "A person read, or agreed to, what an application receives.",
    "oidc:token:issued": "Tokens were issued for a code, a refresh token or a client's own credentials.",
    "oidc:token:refused": "A token request was refused.",
    "oidc:token:replayed": "A code or refresh token was used again; what it had given was ended.",
    "oidc:token:revoked": "A token family was ended at a client's request.",
    "oidc:userinfo:disclosed": "A person's claims were handed to an application at the userinfo endpoint.",
    "oidc:session:logout": "An application asked to sign a person out.",
    "right:check:mended": (
        "At night, rights were found not to be what facts and rules give, and were mended: an alarm, for it "
        "should not happen."
    ),
    "outbox:message:given-up": "Something that another system had to be told was not delivered and is no longer tried.",
    "outbox:message:retried": "An administrator had an undelivered message sent again.",
    "oidc:client:invited": (
        "An initial access token was made, with which clients of an application register themselves."
    ),
    "oidc:client:registered": "A client registered itself with an initial access token.",
    "oidc:client:updated": "A client changed its own registration; the names of the changed fields are in the event.",
    "oidc:client:deleted": "A client ended its own registration.",
    "key:signing:created": "A signing key was made.",
    "key:signing:removed": "A signing key was forgotten, its tokens being over or the key compromised.",
    "key:signing:promoted": "A signing key became current after the independent witness accepted it.",
    "key:signing:refused": "The independent witness did not accept a signing key.",
    "key:signing:retired": "A signing key was retired; it is published until the last token it signed has expired.",
    "source:run:finished": "A source run ended; counts and a digest over its rows are in the event.",
    "source:run:released": "A source was freed from a run that held it.",
    "source:run:undone": "What a run of a source wrote was undone.",
    "source:refusals:forgotten": "What was refused of a source is asked again by its next run.",
    "source:undo:proposed": "The undoing of a source's run waits for a second person.",
    "source:undo:refused": "The undoing of a source's run was refused or taken back, with a reason.",
    "source:run:refused": "Somebody refused what the guard held, with a reason.",
    "source:run:accepted": "A second administrator accepted what the guard held for one input.",
    "source:place:opened": "An organisation let another owner's source state facts there; the times are in the event.",
    "source:place:closed": "An organisation no longer lets another owner's source state facts there.",
    "source:config:made": "A source was made on a page, paused; by which connector it reads is in the event.",
    "source:config:changed": "Settings of a source were changed on a page; which of them is in the event.",
    "source:use:paused": "A source was paused on a page: nothing of it is read.",
    "source:use:resumed": "A source was taken into use on a page.",
    "source:sample:seen": "Somebody read some rows of a source before they were facts; how many is in the event.",
    "source:person:decided": "An administrator decided whose record an ambiguous one is.",
    "plan:change:computed": "A plan was computed.",
    "plan:change:applied": "A plan was applied.",
    "plan:deputy:named": "Somebody named who decides for them while they are away; for what is in the event.",
    "plan:deputy:ended": "A deputy's time was ended early.",
    "plan:change:discarded": (
        "A declaration, an undoing or what a source's run read that nobody decided in time was discarded."
    ),
    "plan:change:refused": "A plan was refused, or its inputs had moved.",
    "rule:version:published": "A rule version was published.",
    "rule:version:withdrawn": "A rule was withdrawn.",
    "rule:name:changed": "A rule is called otherwise; its names before and after are in the event.",
    "rule:list:copied": (
        "A list of position codes was copied for an organisation that is to have its own; of which list is in "
        "the event."
    ),
    "rule:version:proposed": (
        "A rule version, or the withdrawal of a rule, waits for a second person; the digest of its effects is "
        "in the event."
    ),
    "rule:version:accepted": "A second person accepted what was proposed about a rule.",
    "rule:version:restored": (
        "Somebody restored what an earlier version of a rule said; its number, and whether it waits, is in the event."
    ),
    "rule:version:refused": "What was proposed about a rule was refused, with a reason.",
    "role:version:restored": (
        "Somebody restored what an earlier version of a role said; its number, and whether it waits as a declaration, "
        "is in the event."
    ),
    "role:page:stated": (
        "A role of an application was added or altered on a page; which fields, and whether it waits as a declaration, "
        "is in the event."
    ),
    "application:page:stated": (
        "An application was altered on a page; which fields, and whether it waits as a declaration, is in the event."
    ),
    "admin:client:amended": "The settings of a client were changed on its page; which of them is in the event.",
    "organisation:tree:stated": (
        "Somebody added, renamed, moved, merged or closed an organisation on a page; which of it, and whether it waits "
        "as a declaration, is in the event."
    ),
    "rule:codes:stated": (
        "Somebody made a list of occupation codes or changed it on a page; its key, and whether it waits as a "
        "declaration, is in the event."
    ),
    "occupation:name:stated": "Somebody called an occupation otherwise on a page; its code is in the event.",
    "agreement:party:signed": "The signature of a party of an agreement was recorded; who signed, and which document.",
    "agreement:draft:made": "An agreement was made on a page, without signatures; how many clauses it has.",
    "agreement:template:made": "A template of agreements was made of an agreement on its page.",
    "agreement:notice:given": "A party gave notice of an agreement.",
    "agreement:clause:stated": "What an agreement allows was stated by its grantor, or narrowed by one of its sides.",
    "agreement:clause:ended": "One of its sides ended a clause of an agreement; with its last day.",
    "agreement:term:cancelled": "A party gave an agreement up that was not in force yet, with a reason.",
    "agreement:clause:restored": "The clauses of an agreement became again what they were before a change.",
    "agreement:use:suspended": "A party suspended an agreement at once, with a reason: nobody has a right by it.",
    "agreement:use:resumed": "A second person of the grantor lifted the suspension of an agreement.",
    "agreement:act:proposed": "What a party does on an agreement waits for a person of the grantor; with the digest.",
    "agreement:act:accepted": "A person of the grantor accepted what was proposed on an agreement.",
    "agreement:act:refused": "What was proposed on an agreement was refused or taken back, with a reason.",
    "definition:use:stopped": (
        "Somebody took a whole definition out of use at once, with a reason: a rule, a role, a client or a connection."
    ),
    "definition:use:seen": "A second person looked at a definition that was taken out of use at once.",
    "right:hand:granted": "An administrator granted a right by hand.",
    "right:hand:ended": "An administrator ended a right that was granted by hand.",
    "person:access:ended": (
        "An administrator ended a person's access at once: all of it, or over the organisations in the event."
    ),
    "person:access:restored": "An administrator undid the ending of a person's access.",
    "person:help:asked": (
        "An administrator asked others to help with a person's account, which nobody holds alone; which act "
        "is in the event."
    ),
    "person:help:pressed": "Another administrator agreed to such a request.",
    "person:page:opened": "An administrator opened a person's page.",
    "person:code:shown": "An identity code was shown, with a purpose.",
    "person:code:searched": "Somebody was looked for by an identity code, with a purpose.",
    "person:account:created": "A person got a login.",
    "person:username:changed": "An administrator gave a person another username; the old one is nobody else's.",
    "admin:usernames:ruled": "An administrator said on a page which usernames the people of an organisation get.",
    "person:list:exported": "A list was exported.",
    "admin:grant:given": "Somebody was made an administrator of a part.",
    "admin:grant:ended": "Somebody ceased to be an administrator of a part.",
    "admin:grant:altered": "Somebody is an administrator of a part until another day.",
    "admin:grant:proposed": (
        "An administrator's appointment, its end or another last day waits for a second person; what, of whom and the "
        "digest of its effects is in the event."
    ),
    "admin:grant:accepted": "A second person accepted what waited of an administrator.",
    "admin:grant:refused": "What waited of an administrator was refused or taken back, with a reason.",
    "admin:program:stated": (
        "What a client may by itself was stated on a page; which permissions, and whether it waits for a second person."
    ),
    "admin:program:ended": "What a client may by itself was ended at once.",
    "admin:grant:reminded": "An administrator, and those who may lengthen it, were told that it ends soon.",
    "admin:request:denied": "An administrator asked for something outside the permission or part held.",
    "admin:log:searched": "The audit log was searched.",
    "admin:application:added": "An administrator added an application on a page.",
    "admin:application:enabled": "An administrator let the people of an organisation use an application.",
    "admin:application:disabled": "An administrator no longer lets the people of an organisation use an application.",
    "admin:client:registered": "An administrator registered a client of an application on a page.",
    "admin:client:secret-given": (
        "An administrator gave a client another secret; for how many days the old one works is in the event."
    ),
    "admin:client:claims-mapped": "An administrator gave the claims of a client other names or formats.",
    "admin:client:retired": "An administrator took a client out of use.",
    "oidc:grant:taken-back": "A person took back what an application had been given; its grants ended.",
    "config:file:applied": "A declaration was applied; the counts of what it changed are in the event.",
    "config:file:proposed": (
        "A declaration waits for a second person; nothing of it was written, and the digest of its effects is "
        "in the event."
    ),
    "config:file:accepted": "A second person accepted a declaration, with the digest of its effects.",
    "config:file:refused": "A declaration that waited was refused or taken back, with a reason.",
    "config:file:exported": "The declaration was exported.",
    "config:installation:begun": "An empty installation was begun: the top of the tree and its first administrator.",
    "signin:mail:asked": "Somebody asked for a one-time sign-in code by e-mail; the login itself is not kept.",
    "signin:address:changed": (
        "Another e-mail address was told of a person with a login; it gets no one-time code yet, and the old "
        "one was told."
    ),
    "signin:address:confirmed": (
        "An administrator confirmed a person's new e-mail address; one-time codes go to it from then on."
    ),
    "signin:code:mailed": "A one-time sign-in code was made for a mail to the person's own address.",
    "signin:code:printed": "A one-time sign-in code was made for a printed letter.",
    "admin:client:words-written": (
        "An administrator wrote what people are told before they go on to a client; which of it is in the event."
    ),
}
