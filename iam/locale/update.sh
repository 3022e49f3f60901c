#!/bin/sh
# Collects the messages of code and templates into both catalogs: new ones come untranslated, gone ones leave.
# The catalogs carry no dates and no machine's name and keep the order of the files, so a second run changes nothing.
# Prints each message that waits for a translation and ends with 1 when there is one, so that it can stand in a check.
set -eu
cd "$(dirname "$0")/../.."
export PYTHONPATH=.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pybabel -q extract -F iam/locale/babel.cfg -k N_ --sort-by-file --add-location=file --omit-header -o "$work/avain.pot" .
missing=0
for language in fi sv; do
    catalog=iam/locale/$language/LC_MESSAGES/avain.po
    cp "$catalog" "$work/$language.po"
    pybabel -q update -i "$work/avain.pot" -o "$work/$language.po" -l $language -w 120 \
        --no-fuzzy-matching --ignore-obsolete --omit-header
    {
        printf 'msgid ""\nmsgstr ""\n"Language: %s\\n"\n"MIME-Version: 1.0\\n"\n' $language
        printf '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        printf '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        cat "$work/$language.po"
    } > "$catalog"
    python -c 'import sys
from babel.messages.pofile import read_po
waiting = [m.id for m in read_po(open(sys.argv[1], "rb")) if m.id and not (all(m.string) if m.pluralizable else m.string)]
print(*(f"{sys.argv[1]}: {message}" for message in waiting), sep="\n", end="\n" if waiting else "")
sys.exit(bool(waiting))' "$catalog" || missing=1
done
exit $missing
