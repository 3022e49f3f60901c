"""The words of the demonstration service in Finnish, Swedish and English."""

from __future__ import annotations

LANGUAGES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
NAME = "Wilma"
"""What the application is called wherever it is spoken of: on its own pages, on Avain's, and where it is told how to
try it."""
TEXTS: dict[str, tuple[str, str, str]] = {
    "title": (NAME, NAME, NAME),
    "lead": (
        "Tämä on Wilman esittely. Se ei tunne ketään vaan kysyy Avaimelta, kuka olet ja mitä saat tehdä.",
        "Det här är en demonstration av Wilma. Den känner ingen utan frågar Avain vem du är och vad du får göra.",
        "This demonstrates Wilma. It knows nobody: it asks Avain who you are and what you may do.",
    ),
    "sign-in": ("Kirjaudu sisään", "Logga in", "Sign in"),
    "sign-out": ("Kirjaudu ulos", "Logga ut", "Sign out"),
    "switch": ("Vaihda asemaa", "Byt egenskap", "Switch capacity"),
    "refresh": ("Päivitä tiedot", "Uppdatera uppgifterna", "Refresh"),
    "hello": ("Hei", "Hej", "Hello"),
    "capacity": ("Asemasi", "Din egenskap", "Your capacity"),
    "organisation": ("Organisaatio", "Organisation", "Organisation"),
    "position": ("Tehtävä", "Uppgift", "Position"),
    "roles": ("Käyttäjäroolisi täällä", "Dina användarroller här", "Your roles here"),
    "no-roles": ("Ei rooleja.", "Inga roller.", "No roles."),
    "groups": ("Ryhmät", "Grupper", "Groups"),
    "claims": ("Mitä palvelu sai tietää", "Vad tjänsten fick veta", "What the service was told"),
    "id-token": ("Tunniste (ID token)", "ID-token", "ID token"),
    "userinfo": ("Käyttäjätiedot (UserInfo)", "Användaruppgifter (UserInfo)", "UserInfo"),
    "until": ("Tiedot vanhenevat", "Uppgifterna föråldras", "This expires"),
    "employee": ("Työntekijä", "Anställd", "Employee"),
    "substitute": ("Sijainen", "Vikarie", "Substitute"),
    "student": ("Oppilas tai opiskelija", "Elev eller studerande", "Pupil or student"),
    "guardian_of": ("Huoltaja", "Vårdnadshavare", "Guardian"),
    "guardian": ("Huoltaja", "Vårdnadshavare", "Guardian"),
    "elected-official": ("Luottamushenkilö", "Förtroendevald", "Elected official"),
    "contractor": ("Toimeksisaaja", "Uppdragstagare", "Contractor"),
    "trainee": ("Harjoittelija", "Praktikant", "Trainee"),
    "visitor": ("Vierailija", "Besökare", "Visitor"),
    "signed-out": ("Olet kirjautunut ulos.", "Du har loggat ut.", "You have signed out."),
    "error-title": ("Kirjautuminen ei onnistunut", "Inloggningen lyckades inte", "Signing in did not succeed"),
    "again": ("Yritä uudelleen", "Försök igen", "Try again"),
    "technical": ("Palvelun antama syy", "Orsaken enligt tjänsten", "The reason given"),
    "access_denied": (
        "Pääsy evättiin: keskeytit kirjautumisen, tai sinulla ei ole oikeutta tähän palveluun.",
        "Åtkomst nekades: du avbröt inloggningen, eller så har du inte rätt till den här tjänsten.",
        "Access was denied: you cancelled, or you have no right to this service.",
    ),
    "interaction_required": (
        "Sinun on vastattava kysymykseen ennen kuin voit jatkaa. Kirjaudu uudelleen.",
        "Du måste svara på en fråga innan du kan fortsätta. Logga in på nytt.",
        "A question must be answered before you can go on. Sign in again.",
    ),
    "login_required": (
        "Istuntosi on päättynyt. Kirjaudu uudelleen.",
        "Din session har avslutats. Logga in på nytt.",
        "Your session has ended. Sign in again.",
    ),
    "invalid_grant": (
        "Oikeutesi tai istuntosi on päättynyt, joten tietoja ei voitu päivittää. Kirjaudu uudelleen.",
        "Din rättighet eller session har upphört, så uppgifterna kunde inte uppdateras. Logga in på nytt.",
        "Your right or your session has ended, so nothing could be refreshed. Sign in again.",
    ),
    "invalid_client": (
        "Tunnistuspalvelu ei tunnistanut tätä palvelua. Tarkista palvelun tunnus ja salaisuus.",
        "Identifieringstjänsten kände inte igen den här tjänsten. Kontrollera tjänstens id och hemlighet.",
        "The provider did not recognise this service. Check its client id and secret.",
    ),
    "mismatching_state": (
        "Vastaus ei kuulunut tästä selaimesta aloitettuun kirjautumiseen. Aloita alusta.",
        "Svaret hörde inte till en inloggning i den här webbläsaren. Börja om.",
        "The answer did not belong to a sign-in that began in this browser. Start again.",
    ),
    "temporarily_unavailable": (
        "Tunnistuspalvelu ei vastaa juuri nyt. Yritä hetken kuluttua uudelleen.",
        "Identifieringstjänsten svarar inte just nu. Försök igen om en stund.",
        "The provider does not answer right now. Try again in a moment.",
    ),
    "other": (
        "Tunnistuspalvelu ei voinut kirjata sinua sisään. Yritä uudelleen; jos virhe toistuu, kerro siitä ylläpidolle.",
        "Identifieringstjänsten kunde inte logga in dig. Försök igen; om felet upprepas, kontakta administratören.",
        "The provider could not sign you in. Try again; if it happens again, tell the administrator.",
    ),
}


def text(key: str, language: str) -> str:
    """Return the words of ``key`` in fi, sv or en; an unknown key is shown as it is."""
    return TEXTS[key][tuple(LANGUAGES).index(language)] if key in TEXTS else key


def error_key(code: str) -> str:
    """Return the key of the plain words for an OAuth error code (RFC 6749 sections 4.1.2.1 and 5.2)."""
    if code in ("server_error", "temporarily_unavailable"):
        return "temporarily_unavailable"
    if code in ("consent_required", "account_selection_required"):
        return "interaction_required"
    return code if code in TEXTS and "_" in code else "other"
