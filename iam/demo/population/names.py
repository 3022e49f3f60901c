"""Names that sound Finnish, Swedish or Northern Sámi; family names are put together from parts, so they follow no real
family."""

from __future__ import annotations

from dataclasses import dataclass

from iam.demo.chance import Chance

_GIVEN = {
    "fi": (
        "Aada Aino Anni Annika Eeva Eila Elina Ella Emilia Emma Enni Essi Eveliina Hanna Heidi Helmi Helvi "
        "Henna Hilla Hilma Iida "
        "Iines Inka Irja Jaana Jenni Johanna Kaarina Kaisa Katri Kerttu Kirsi Laura Leena Lotta Maija Maria "
        "Marja Meri Minna Mirja "
        "Nea Niina Noora Oona Outi Päivi Pihla Reetta Riikka Ritva Saara Sanni Satu Siiri Silja Sinikka Sofia "
        "Suvi Taina Tiina Tuuli "
        "Tyyne Ulla Venla Viivi Vilma",
        "Aapo Aarne Aaro Aatu Ahti Aki Aleksi Antti Arttu Eeli Eero Eino Elias Erkki Esa Hannes Hannu Harri "
        "Heikki Iiro Ilkka Jaakko "
        "Jalmari Janne Jari Joona Jouni Juha Jukka Juuso Kaarlo Kalle Kari Kimmo Lasse Lauri Leevi Manu "
        "Markku Matti Mika Mikko Niilo "
        "Niko Oiva Olli Onni Oskari Otso Paavo Pekka Pertti Petri Rasmus Reijo Risto Sami Santeri Sauli Seppo "
        "Tapio Teemu Timo Toivo "
        "Touko Tuomas Urho Valtteri Veikko Vesa Ville Väinö",
    ),
    "sv": (
        "Agneta Alva Anna Astrid Birgitta Camilla Cecilia Ebba Elin Elsa Fanny Frida Gunilla Hedvig Helena "
        "Ingrid Karin Linnea Lovisa "
        "Maj Malin Matilda Pernilla Signe Siv Sonja Stina Tora Tuva Wilhelmina Åsa",
        "Alfons Anders Axel Bengt Björn Carl Edvin Erik Fredrik Göran Gustav Hampus Henrik Ivar Jens Johan "
        "Kasper Lars Linus Magnus "
        "Nils Olof Oscar Per Ragnar Sebastian Sixten Sten Tor Torsten Viktor Åke",
    ),
    "se": (
        "Ánne Áile Biret Elle Inga Inger Káre Láilá Máret Márjá Ristiinná Risten Sárá Sunná Unni",
        "Ánte Áilu Heaika Issát Jovnna Juhán Jovsset Lásse Máhtte Mihkku Niillas Nilsa Ovllá Piera Sámmol",
    ),
}
_FAMILY = {
    "fi": (
        "Haapa Halla Harju Heinä Hiekka Honka Ilves Jänkä Kaarna Kaisla Kanerva Karhu Katajan Kello Kivi "
        "Koivu Korpi Kuusi Kynnys "
        "Lehto Lepo Loimu Lumi Metsä Mylly Mänty Neva Niitty Orava Paju Peura Pihla Poro Puro Rauta Ruusu "
        "Salmi Sara Siili Suo Syrjä "
        "Tuomi Vaahtera Varpu Vilja",
        "harju kallio kangas koski kumpu lahti lampi lehto linna luoma mäki niemi niitty notko oja pelto perä "
        "ranta saari salo selkä "
        "suo vaara virta vuori",
    ),
    "sv": (
        "Al Asp Berg Björk Blom Dal Ek Fager Gran Grön Hag Hed Häger Kvarn Lind Ljung Löv Norr Ros Rönn Sand "
        "Sjö Skog Sten Strand "
        "Sunn Söder Vass Väster Äng Öster",
        "backa bäck fors gren holm hult kvist ling lund mark näs rot stedt strand ström vall vik ås",
    ),
    "se": (
        "Beahce Čáhce Čuoika Geađge Guossa Jeagil Muohta Rássi Sieiddi Soahke",
        "duottar jávri johka luohkká njárga sullo várri",
    ),
}
_GIVEN_PARTS = {language: tuple(tuple(part.split()) for part in parts) for language, parts in _GIVEN.items()}
_FAMILY_PARTS = {language: tuple(tuple(part.split()) for part in parts) for language, parts in _FAMILY.items()}


@dataclass(frozen=True, slots=True)
class Name:
    """Given names (all of them), the one in use, and the family name."""

    given: str
    call: str
    family: str

    @property
    def display(self) -> str:
        """Return the name as shown: the name in use and the family name."""
        return f"{self.call} {self.family}"


def family_name(chance: Chance, stream: str, index: int, language: str) -> str:
    """Return a family name put together from two parts of the same language."""
    first, second = _FAMILY_PARTS[language]
    return chance.pick(f"{stream}.family.1", index, first) + chance.pick(f"{stream}.family.2", index, second)


def full_name(chance: Chance, stream: str, index: int, language: str) -> Name:
    """Return a whole name with two given names, the first in use."""
    names = chance.pick(f"{stream}.list", index, _GIVEN_PARTS[language])
    call, other = chance.pick(f"{stream}.given", index, names), chance.pick(f"{stream}.second", index, names)
    given = call if call == other else f"{call} {other}"
    return Name(given, call, family_name(chance, stream, index, language))
